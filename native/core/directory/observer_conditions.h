// ObserverConditions: which messages an observer wants copies of, and how much of each. They stand
// in the directory beside the observer's entry, where each sender reads them. Knows no message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "base/uuid.h"
#include "core/selector/selector_program.h"

namespace busbar {

// payload bytes u32, number of types u16, program bytes u16, types, program.
inline constexpr std::size_t kMaxConditionBytes = 8 + kMaxObservedTypes * 16 + kMaxObserverProgram;

class ObserverConditions {
 public:
  // InvalidArgument for more than kMaxObservedTypes or kMaxObservedBytes, InvalidSelector for a
  // program of more than kMaxObserverProgram bytes.
  [[nodiscard]] static Result<ObserverConditions> create(SelectorProgram match,
                                                         std::vector<Uuid> types,
                                                         std::uint64_t payload_bytes);
  // Checks the same rules for bytes from a peer, which must be exactly one set of conditions.
  [[nodiscard]] static Result<ObserverConditions> decode(std::span<const std::byte> encoded);
  // The bytes that decode() reads; at most kMaxConditionBytes.
  [[nodiscard]] std::vector<std::byte> encode() const;

  // Messages that such an endpoint sends or gets.
  [[nodiscard]] const SelectorProgram& match() const noexcept { return match_; }
  // Bytes of the payload that go into a copy, at most.
  [[nodiscard]] std::uint32_t payload_bytes() const noexcept { return payload_bytes_; }
  [[nodiscard]] bool wants(const Uuid& type) const noexcept {
    if (types_.empty()) return true;
    for (const Uuid& wanted : types_) {
      if (wanted == type) return true;
    }
    return false;
  }

 private:
  ObserverConditions(SelectorProgram match, std::vector<Uuid> types, std::uint32_t payload_bytes)
      : match_(std::move(match)), types_(std::move(types)), payload_bytes_(payload_bytes) {}

  SelectorProgram match_;
  // None: every type.
  std::vector<Uuid> types_;
  std::uint32_t payload_bytes_;
};

}  // namespace busbar
