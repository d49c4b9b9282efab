// SelectorProgram: a selector's condition as a postfix program over (endpoint id, label). Decides
// for one endpoint at a time; the selector decides how many get the message (one, all, not the
// sender).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "core/selector/label.h"

namespace busbar {

// The operations, one byte each, then their operands:
//   False, True   push a constant
//   Leaf          u8 length (1 to 255), UTF-8: push whether the label has exactly that string
//   Peer          u64 little-endian: push whether the endpoint is the one with that id
//   Not           replace the top;  And, Or: replace the top two
enum class SelectorOp : std::uint8_t {
  False = 0x00,
  True = 0x01,
  Leaf = 0x02,
  And = 0x03,
  Or = 0x04,
  Not = 0x05,
  Peer = 0x06,
};

// A moved-from program matches no endpoint.
class SelectorProgram {
 public:
  // Checks once everything that matches() relies on, also for bytes from a peer. InvalidSelector
  // for an empty or too long program, an unknown or truncated operation, a leaf that is empty or
  // not UTF-8, a stack that underflows, grows too deep or does not end with exactly one value.
  [[nodiscard]] static Result<SelectorProgram> create(std::span<const std::byte> program);

  // Any thread; does not allocate.
  [[nodiscard]] bool matches(std::uint64_t endpoint_id, const Label& label) const noexcept;

  // The bytes that create() reads.
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept { return bytes_; }

  // Equal if the bytes are equal: two ways to write one condition differ.
  friend bool operator==(const SelectorProgram&, const SelectorProgram&) noexcept = default;

 private:
  explicit SelectorProgram(std::span<const std::byte> program)
      : bytes_(program.begin(), program.end()) {}

  std::vector<std::byte> bytes_;
};

}  // namespace busbar

template <>
struct std::hash<busbar::SelectorProgram> {
  [[nodiscard]] std::size_t operator()(const busbar::SelectorProgram& program) const noexcept;
};
