// Spill: a piece of a sender's shared memory that payloads lie in, one or several.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "platform/platform.h"

namespace busbar {

class Spill {
 public:
  // Shared: payloads of several messages lie in it.
  enum class Kind : std::uint8_t { Single, Shared };

  Spill(std::uint64_t id, std::unique_ptr<SharedMemory> memory, Kind kind = Kind::Single) noexcept
      : id_(id), memory_(std::move(memory)), kind_(kind) {}

  // Unique within its sender, never used again.
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] const SharedMemory& memory() const noexcept { return *memory_; }
  [[nodiscard]] bool shared() const noexcept { return kind_ == Kind::Shared; }

 private:
  std::uint64_t id_;
  std::unique_ptr<SharedMemory> memory_;
  Kind kind_;
};

// Nobody but its pool holds it: no message lies in it.
[[nodiscard]] inline bool is_free(const std::shared_ptr<const Spill>& spill) noexcept {
  return spill.use_count() == 1;
}

// Where one payload lies.
struct SpillPlace {
  std::shared_ptr<const Spill> spill;
  std::uint64_t offset = 0;

  [[nodiscard]] std::byte* data() const noexcept { return spill->memory().data() + offset; }
};

}  // namespace busbar
