// Memory regions over one link. Slots in their ledgers are few: they are taken before a message is
// accepted, kept while it waits, and freed by a link that has nothing on its way when another link
// needs one.
#include "core/link/region_flights.h"

#include <algorithm>

namespace busbar {

bool RegionFlights::open(std::span<const RegionRange> ranges) {
  for (const RegionRange& range : ranges) {
    forget_if_replaced(*range.region);
    if (find(range.region->id()) == nullptr && open_one(range.region) == nullptr) return false;
  }
  return true;
}

RegionFlights::Known* RegionFlights::open_one(const std::shared_ptr<MemoryRegion>& region) {
  if (peer_token_ == 0) peer_token_ = platform_.process_token(peer_pid_);
  const auto flight = region->open_flight(peer_token_, path_);
  if (!flight) {
    // A ledger that is full has room again when some process lets go.
    channel_.retry_later();
    return nullptr;
  }
  known_.push_back({region->id(), region, flight.value(), false, 0});
  return &known_.back();
}

void RegionFlights::close_unused() {
  std::erase_if(known_, [](const Known& known) {
    if (known.given || !is_idle(known)) return false;
    if (const auto region = known.region.lock()) region->close_flight(known.flight);
    return true;
  });
}

void RegionFlights::give_up(std::span<const RegionRange> ranges) {
  for (const RegionRange& range : ranges) {
    Known* known = find(range.region->id());
    if (known != nullptr && is_idle(*known)) forget(*known);
  }
  (void)channel_.flush();
}

bool RegionFlights::hand_over(const RegionBundle& bundle) {
  for (const RegionRange& range : bundle.ranges) forget_if_replaced(*range.region);
  // A queued ForgetMemory may name one of these regions, so the queue goes first.
  if (!channel_.flush()) return false;
  for (const RegionRange& range : bundle.ranges) {
    const Known* known = find(range.region->id());
    if (known != nullptr && known->given) continue;
    if (!make_room(bundle) || !give(range.region)) return false;
  }
  return true;
}

// For one more region at the receiver.
bool RegionFlights::make_room(const RegionBundle& needed) {
  const auto given = static_cast<std::size_t>(
      std::count_if(known_.begin(), known_.end(), [](const Known& each) { return each.given; }));
  full_ = false;
  if (given < kMaxKnownMemory || forget_idle(needed) || given < kMaxGivenMemory) return true;
  // Everything there is under way, or a message that waits needs it, which then gives it again.
  full_ = !take_back(needed);
  return !full_;
}

bool RegionFlights::give(const std::shared_ptr<MemoryRegion>& region) {
  auto handles = region->share();
  if (!handles) {
    channel_.retry_later();
    return false;
  }
  Known* known = find(region->id());
  if (known == nullptr) known = open_one(region);
  if (known == nullptr) return false;
  const auto& all = handles.value();
  const Handle* const pointers[] = {&all[0], &all[1], &all[2]};
  known->given =
      channel_.send({LinkFrameKind::MemoryRegion, region->id(), region->size()}, pointers);
  return known->given;
}

void RegionFlights::book(const RegionBundle& bundle) {
  for (const RegionRange& range : bundle.ranges) {
    if (const Known* known = find(range.region->id()); known != nullptr)
      range.region->book(known->flight);
  }
  end_waiting(&bundle);
}

void RegionFlights::note_waiting(const RegionBundle* bundle, int change) {
  if (bundle == nullptr) return;
  for (const RegionRange& range : bundle->ranges) {
    Known* known = find(range.region->id());
    if (known == nullptr || (change < 0 && known->waiting == 0)) continue;
    known->waiting += static_cast<std::size_t>(change);
  }
}

// This process had unmapped the region in the meantime and got it again.
void RegionFlights::forget_if_replaced(const MemoryRegion& region) {
  const Known* known = find(region.id());
  if (known == nullptr || known->region.lock().get() == &region) return;
  channel_.queue({LinkFrameKind::ForgetMemory, region.id(), 0});
  std::erase_if(known_, [&region](const Known& each) { return each.id == region.id(); });
}

// The region handed over first of those that nothing under way mentions. False: there is none.
bool RegionFlights::forget_idle(const RegionBundle& needed) {
  for (Known& known : known_) {
    if (!known.given || !is_idle(known) || mentions(needed, known)) continue;
    forget(known);
    (void)channel_.flush();
    return true;
  }
  return false;
}

// As forget_idle(), but also of those that messages in the queue mention.
bool RegionFlights::take_back(const RegionBundle& needed) {
  for (Known& known : known_) {
    if (!known.given || is_in_flight(known) || mentions(needed, known)) continue;
    known.given = false;
    channel_.queue({LinkFrameKind::ForgetMemory, known.id, 0});
    (void)channel_.flush();
    return true;
  }
  return false;
}

bool RegionFlights::mentions(const RegionBundle& bundle, const Known& known) {
  const auto region = known.region.lock();
  return region != nullptr &&
         std::any_of(bundle.ranges.begin(), bundle.ranges.end(),
                     [&](const RegionRange& range) { return range.region == region; });
}

void RegionFlights::forget(Known& known) {
  if (const auto region = known.region.lock()) region->close_flight(known.flight);
  if (known.given) channel_.queue({LinkFrameKind::ForgetMemory, known.id, 0});
  known_.erase(known_.begin() + (&known - known_.data()));
}

void RegionFlights::forget_unmapped() {
  std::erase_if(known_, [this](const Known& known) {
    if (!known.region.expired()) return false;
    channel_.queue({LinkFrameKind::ForgetMemory, known.id, 0});
    return true;
  });
  (void)channel_.flush();
}

void RegionFlights::on_lost(std::uint64_t id, std::uint64_t references) {
  Known* known = find(id);
  if (known == nullptr) return;
  known->given = false;
  if (const auto region = known->region.lock()) region->unbook(known->flight, references);
}

void RegionFlights::leave() {
  for (const Known& known : known_) {
    if (const auto region = known.region.lock()) region->leave_flight(known.flight);
  }
}

void RegionFlights::close() {
  for (const Known& known : known_) {
    if (const auto region = known.region.lock()) region->close_flight(known.flight);
  }
}

bool RegionFlights::is_idle(const Known& known) {
  return known.waiting == 0 && !is_in_flight(known);
}

bool RegionFlights::is_in_flight(const Known& known) {
  const auto region = known.region.lock();
  return region != nullptr && region->ledger().count(known.flight) != 0;
}

RegionFlights::Known* RegionFlights::find(std::uint64_t id) noexcept {
  const auto found = std::find_if(known_.begin(), known_.end(),
                                  [id](const Known& known) { return known.id == id; });
  return found == known_.end() ? nullptr : &*found;
}

}  // namespace busbar
