// Slots in the ledgers of memory regions, which are few: had before a message is accepted, kept
// while it waits, given up by a link that has nothing under way when another one needs one.
#include <algorithm>

#include "core/link/outbound_link.h"

namespace busbar {

bool OutboundLink::open_flights(std::span<const RegionRange> ranges) {
  for (const RegionRange& range : ranges) {
    forget_if_replaced(*range.region);
    if (find_memory(range.region->id()) != nullptr) continue;
    KnownMemory fresh{range.region->id(), range.region, 0, false, 0};
    if (!open_flight(range.region, fresh)) return false;
    known_memory_.push_back(std::move(fresh));
  }
  return true;
}

void OutboundLink::close_unused_flights() {
  std::erase_if(known_memory_, [this](const KnownMemory& known) {
    if (known.given || !is_idle(known)) return false;
    if (const auto region = known.region.lock()) region->close_flight(known.flight);
    return true;
  });
}

void OutboundLink::give_up_flights(std::span<const RegionRange> ranges) {
  for (const RegionRange& range : ranges) {
    KnownMemory* known = find_memory(range.region->id());
    if (known != nullptr && is_idle(*known)) forget_memory(*known);
  }
  send_forgets();
}

bool OutboundLink::is_idle(const KnownMemory& known) const {
  if (known.waiting != 0) return false;
  const auto region = known.region.lock();
  return region == nullptr || region->ledger().count(known.flight) == 0;
}

void OutboundLink::forget_memory(KnownMemory& known) {
  if (const auto region = known.region.lock()) region->close_flight(known.flight);
  if (known.given) forgets_.push_back({LinkFrameKind::ForgetMemory, known.id, 0});
  known_memory_.erase(known_memory_.begin() + (&known - known_memory_.data()));
}

void OutboundLink::note_waiting(const RegionBundle* bundle, int change) {
  if (bundle == nullptr) return;
  for (const RegionRange& range : bundle->ranges) {
    KnownMemory* known = find_memory(range.region->id());
    if (known == nullptr || (change < 0 && known->waiting == 0)) continue;
    known->waiting += static_cast<std::size_t>(change);
  }
}

}  // namespace busbar
