// SpillPool: the sender's pooled shared memory for payloads that do not lie in a ring: large ones
// in a spill of their own, others side by side in slabs. One copy in, shared by all receivers of a
// multicast, reused once every receiver has taken the message. No counter in shared memory: the
// positions of the sender's links say which spills are still in use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/budget.h"
#include "core/link/spill.h"
#include "core/link/spill_slabs.h"
#include "platform/platform.h"

namespace busbar {

// Every call with the endpoint's lock held.
class SpillPool {
 public:
  // Free spills beyond this are given back to the system at once, the largest first; with 32 MiB
  // the receivers of a burst map each spill once.
  static constexpr std::uint64_t kIdleBytes = 32ULL << 20U;
  // What an endpoint that sends nothing large for a while keeps.
  static constexpr std::uint64_t kRestBytes = 1ULL << 20U;

  // Spills in use are charged to `budget`, whose room is the caller's to check.
  SpillPool(Platform& platform, Budget& budget) noexcept : platform_(platform), budget_(budget) {}
  SpillPool(const SpillPool&) = delete;
  SpillPool& operator=(const SpillPool&) = delete;

  // A spill of at least `bytes` that nobody reads from any more; in use as long as somebody else
  // holds the pointer.
  [[nodiscard]] Result<std::shared_ptr<const Spill>> acquire(std::size_t bytes);
  [[nodiscard]] SpillSlabs& slabs() noexcept { return slabs_; }
  // Takes spills out of the pool that are free, until at most `keep` bytes are left of them; the
  // caller tells receivers to unmap them.
  [[nodiscard]] std::vector<std::uint64_t> trim(std::uint64_t keep = kIdleBytes);
  // Bytes that nobody reads from any more.
  [[nodiscard]] std::uint64_t idle_bytes() const noexcept;

  // A spill that is never used again, because nobody knows how long it will be read from.
  void retire(const Spill& spill);

 private:
  using SharedSpill = std::shared_ptr<const Spill>;

  [[nodiscard]] SharedSpill lend(const SharedSpill& spill);
  // The id of the largest free spill, which is dropped; nullopt for none.
  [[nodiscard]] std::optional<std::uint64_t> drop_largest();

  Platform& platform_;
  Budget& budget_;
  std::vector<SharedSpill> spills_;
  std::uint64_t next_id_ = 1;
  SpillSlabs slabs_{platform_, budget_, next_id_};
};

}  // namespace busbar
