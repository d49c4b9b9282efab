// Room in the ledgers of a message's memory regions, for all of its receivers or for none.
#include <algorithm>

#include "core/endpoint/sender.h"

namespace busbar {

Error Sender::open_flights(std::span<const RegionRange> ranges,
                           std::span<const RouteTarget> targets) {
  if (ranges.empty()) return {};
  const auto open = [&] {
    return std::all_of(targets.begin(), targets.end(), [&](const RouteTarget& target) {
      return target.link->flights().open(ranges);
    });
  };
  if (open()) return {};
  // Slots of processes that have died, and of links over which nothing is under way.
  for (const RegionRange& range : ranges) (void)range.region->purge();
  if (open()) return {};
  for (auto& [peer, to] : recipients_) to.link->flights().give_up(ranges);
  if (open()) return {};
  for (const RouteTarget& target : targets) target.link->flights().close_unused();
  return {Status::LimitExceeded};
}

}  // namespace busbar
