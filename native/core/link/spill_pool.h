// SpillPool: the sender's pooled shared memory for payloads that are too large for a ring. One copy
// in, shared by all receivers of a multicast, reused once every receiver has taken the message.
// Needs no counter in shared memory: what is still in use the sender reads off its links'
// positions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/budget.h"
#include "platform/platform.h"

namespace busbar {

class SpillRegion {
 public:
  SpillRegion(std::uint64_t id, std::unique_ptr<SharedMemory> memory) noexcept
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
  // Free regions beyond this are given back to the system, the largest first. A guess, to be
  // measured.
  static constexpr std::uint64_t kIdleBytes = 32ULL << 20U;

  // Regions in use are charged to `budget`, whose room is the caller's to check.
  SpillPool(Platform& platform, Budget& budget) noexcept : platform_(platform), budget_(budget) {}

  // A region of at least `bytes` that nobody reads from any more; in use as long as somebody else
  // holds the pointer.
  [[nodiscard]] Result<std::shared_ptr<const SpillRegion>> acquire(std::size_t bytes);
  // Takes regions out of the pool that are free and too many; the caller tells receivers to unmap
  // them.
  [[nodiscard]] std::vector<std::uint64_t> trim();

  // A region that is never used again, because nobody knows how long it will be read from.
  void retire(const SpillRegion& region);

 private:
  using Region = std::shared_ptr<const SpillRegion>;

  [[nodiscard]] Region lend(const Region& region);
  [[nodiscard]] std::uint64_t idle_bytes() const noexcept;

  Platform& platform_;
  Budget& budget_;
  std::vector<Region> regions_;
  std::uint64_t next_id_ = 1;
};

}  // namespace busbar
