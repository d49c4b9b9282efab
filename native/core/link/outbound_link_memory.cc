// Memory regions on the sending end of a link: handed over once, booked for each message,
// forgotten.
#include <algorithm>

#include "core/link/outbound_link.h"

namespace busbar {
namespace {

// What an honest receiver may have said that nobody has read yet; more than a channel holds.
constexpr std::size_t kMostLastFrames = 1024;

}  // namespace

bool OutboundLink::hand_over_memory(const RegionBundle& bundle) {
  for (const RegionRange& range : bundle.ranges) forget_if_replaced(*range.region);
  // A Forget that waits may be about a region that is among these: in order, or not at all.
  if (!forgets_.empty()) send_forgets();
  if (!forgets_.empty()) return false;
  for (const RegionRange& range : bundle.ranges) {
    const KnownMemory* known = find_memory(range.region->id());
    if (known != nullptr && known->given) continue;
    const auto given = std::count_if(known_memory_.begin(), known_memory_.end(),
                                     [](const KnownMemory& each) { return each.given; });
    if (static_cast<std::size_t>(given) >= kMaxKnownMemory) forget_idle_memory(bundle);
    if (!give(range.region)) return false;
  }
  return true;
}

// This process had unmapped it in the meantime and got it again.
void OutboundLink::forget_if_replaced(const MemoryRegion& region) {
  const KnownMemory* known = find_memory(region.id());
  if (known == nullptr || known->region.lock().get() == &region) return;
  forgets_.push_back({LinkFrameKind::ForgetMemory, region.id(), 0});
  std::erase_if(known_memory_,
                [&region](const KnownMemory& each) { return each.id == region.id(); });
}

bool OutboundLink::give(const std::shared_ptr<MemoryRegion>& region) {
  auto handles = region->share();
  if (!handles) {
    wants_retry_ = true;
    return false;
  }
  KnownMemory* known = find_memory(region->id());
  if (known == nullptr) {
    KnownMemory fresh{region->id(), region, 0, false, 0};
    if (!open_flight(region, fresh)) return false;
    known_memory_.push_back(std::move(fresh));
    known = &known_memory_.back();
  }
  const auto& all = handles.value();
  const Handle* const pointers[] = {&all[0], &all[1], &all[2]};
  known->given =
      send_on_channel({LinkFrameKind::MemoryRegion, region->id(), region->size()}, pointers);
  return known->given;
}

bool OutboundLink::open_flight(const std::shared_ptr<MemoryRegion>& region, KnownMemory& known) {
  if (peer_token_ == 0) peer_token_ = platform_.process_token(peer_pid_);
  const auto flight = region->open_flight(peer_token_, {self_id_, link_id_});
  // A ledger that is full has room again when some process lets go.
  if (!flight) wants_retry_ = true;
  if (flight) known.flight = flight.value();
  return flight.ok();
}

void OutboundLink::book(const RegionBundle& bundle) {
  for (const RegionRange& range : bundle.ranges) {
    if (const KnownMemory* known = find_memory(range.region->id()); known != nullptr)
      range.region->book(known->flight);
  }
  note_waiting(&bundle, -1);
}

OutboundLink::KnownMemory* OutboundLink::find_memory(std::uint64_t id) noexcept {
  const auto found = std::find_if(known_memory_.begin(), known_memory_.end(),
                                  [id](const KnownMemory& known) { return known.id == id; });
  return found == known_memory_.end() ? nullptr : &*found;
}

// The one handed over first of those that nothing under way mentions.
void OutboundLink::forget_idle_memory(const RegionBundle& needed) {
  const auto is_needed = [&needed](const MemoryRegion& region) {
    return std::any_of(needed.ranges.begin(), needed.ranges.end(),
                       [&](const RegionRange& range) { return range.region.get() == &region; });
  };
  for (KnownMemory& known : known_memory_) {
    const auto region = known.region.lock();
    if (!known.given || !is_idle(known) || (region != nullptr && is_needed(*region))) continue;
    forget_memory(known);
    break;
  }
  send_forgets();
}

void OutboundLink::forget_unmapped() {
  std::erase_if(known_memory_, [this](const KnownMemory& known) {
    if (!known.region.expired()) return false;
    forgets_.push_back({LinkFrameKind::ForgetMemory, known.id, 0});
    return true;
  });
  send_forgets();
}

void OutboundLink::on_lost_memory(std::uint64_t id, std::uint64_t references) {
  KnownMemory* known = find_memory(id);
  if (known == nullptr) return;
  known->given = false;
  const auto region = known->region.lock();
  if (region == nullptr) return;
  region->unbook(known->flight, references);
}

void OutboundLink::hang_up() {
  for (const KnownMemory& known : known_memory_) {
    if (const auto region = known.region.lock()) region->leave_flight(known.flight);
  }
  // A receiver that hung up before it could see that these are its own now will not count them. One
  // that still can does.
  const bool gone = receive(kMostLastFrames).gone;
  for (const KnownMemory& known : known_memory_) {
    const auto region = known.region.lock();
    if (gone && region != nullptr) region->close_flight(known.flight);
  }
  known_memory_.clear();
}

}  // namespace busbar
