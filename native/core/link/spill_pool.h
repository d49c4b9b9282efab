// SpillPool: the sender's pooled shared memory for payloads that are too large for a ring. One copy
// in, shared by all receivers of a multicast, reused once every receiver has taken the message.
// No counter in shared memory: the positions of the sender's links say which spills
// are still in use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/budget.h"
#include "platform/platform.h"

namespace busbar {

class Spill {
 public:
  Spill(std::uint64_t id, std::unique_ptr<SharedMemory> memory) noexcept
      : id_(id), memory_(std::move(memory)) {}

  // Unique within its sender, never used again.
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] const SharedMemory& memory() const noexcept { return *memory_; }

 private:
  std::uint64_t id_;
  std::unique_ptr<SharedMemory> memory_;
};

// Every call with the endpoint's lock held.
class SpillPool {
 public:
  // Free spills beyond this are given back to the system, the largest first. A guess, to be
  // measured.
  static constexpr std::uint64_t kIdleBytes = 32ULL << 20U;

  // Spills in use are charged to `budget`, whose room is the caller's to check.
  SpillPool(Platform& platform, Budget& budget) noexcept : platform_(platform), budget_(budget) {}

  // A spill of at least `bytes` that nobody reads from any more; in use as long as somebody else
  // holds the pointer.
  [[nodiscard]] Result<std::shared_ptr<const Spill>> acquire(std::size_t bytes);
  // Takes spills out of the pool that are free and too many; the caller tells receivers to unmap
  // them.
  [[nodiscard]] std::vector<std::uint64_t> trim();

  // A spill that is never used again, because nobody knows how long it will be read from.
  void retire(const Spill& spill);

 private:
  using SharedSpill = std::shared_ptr<const Spill>;

  [[nodiscard]] SharedSpill lend(const SharedSpill& spill);
  [[nodiscard]] std::uint64_t idle_bytes() const noexcept;

  Platform& platform_;
  Budget& budget_;
  std::vector<SharedSpill> spills_;
  std::uint64_t next_id_ = 1;
};

}  // namespace busbar
