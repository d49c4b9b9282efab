// SpillLending: which spills the receiver of one link has mapped: each is given to it once, before
// the first record that refers to it, and forgotten when the pool gives it up or others need its
// place. Every call with the endpoint's lock held.
#pragma once

#include <cstdint>
#include <vector>

#include "core/link/link_channel.h"
#include "core/link/obligations.h"
#include "core/link/spill_pool.h"

namespace busbar {

class SpillLending {
 public:
  // Spills that one receiver keeps mapped; below its own limit (MappedSpills::kMaxSpills), above
  // the ones in flight.
  static constexpr std::size_t kMaxKnownSpills = 48;

  SpillLending(LinkChannel& channel, Obligations& obligations) noexcept
      : channel_(channel), obligations_(obligations) {}

  // False when the receiver cannot be given the spill now.
  [[nodiscard]] bool hand_over(const Spill& spill);
  // Tells the receiver to unmap spills that the pool gave up.
  void forget(const std::vector<std::uint64_t>& ids);
  // The receiver asks for a spill that it could not map. repeat_lost() gives it once more, at the
  // second call: what the receiver lacked may be there then.
  void on_lost(std::uint64_t id) noexcept;
  void repeat_lost();

 private:
  [[nodiscard]] bool forget_oldest();

  LinkChannel& channel_;
  Obligations& obligations_;
  std::vector<std::uint64_t> known_;
  // The spill that the receiver asks for again; 0 for none.
  std::uint64_t lost_ = 0;
  // It has just asked.
  bool repeats_later_ = false;
};

}  // namespace busbar
