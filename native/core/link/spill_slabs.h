// SpillSlabs: shared memory in which payloads of many messages lie side by side, so that one copy
// takes a payload to all of its receivers and no message needs memory of its own. A slab is filled
// from its front to its end, and again once no message refers to it. The one that was filled last
// comes first: it is still in the caches. Every call with the endpoint's lock held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/budget.h"
#include "core/link/spill.h"

namespace busbar {

class SpillSlabs {
 public:
  static constexpr std::size_t kSlabBytes = 1U << 20U;
  // Larger ones would leave much of a slab empty.
  static constexpr std::size_t kMaxPayload = 128U << 10U;

  // A slab in use is charged to `budget` as a whole. `next_id` numbers the spills of the pool.
  SpillSlabs(Platform& platform, Budget& budget, std::uint64_t& next_id) noexcept
      : platform_(platform), budget_(budget), next_id_(next_id) {}

  // Makes room for a payload of at most kMaxPayload. False: the budget or the system has none.
  [[nodiscard]] bool prepare(std::size_t bytes);
  // After prepare(). In use as long as somebody holds the pointer.
  [[nodiscard]] SpillPlace take(std::size_t bytes);

  [[nodiscard]] std::uint64_t idle_bytes() const noexcept;
  // Gives the slab up that has been free for longest; returns its id, or nullopt if none is free.
  [[nodiscard]] std::optional<std::uint64_t> drop_coldest();
  void retire(const Spill& retired);

 private:
  using SharedSpill = std::shared_ptr<const Spill>;

  [[nodiscard]] SharedSpill lend(const SharedSpill& slab);
  [[nodiscard]] bool next_slab();

  Platform& platform_;
  Budget& budget_;
  std::uint64_t& next_id_;
  // The one that is being filled is the last.
  std::vector<SharedSpill> slabs_;
  std::size_t used_ = kSlabBytes;
  // What the messages in that one hold; expired when there are none.
  std::weak_ptr<const Spill> lent_;
};

}  // namespace busbar
