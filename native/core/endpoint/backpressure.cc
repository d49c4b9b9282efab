// Room for messages, and notices about it.
#include "core/endpoint/backpressure.h"

#include <algorithm>
#include <utility>

namespace busbar {

bool Backpressure::has_room(OutboundLink& link, const SendRequest& request, Need need) {
  return request.key.empty() ? link.has_room(need.bytes, need.spill_bytes, request.objects.size())
                             : link.has_room_for(request.key, need.bytes);
}

// Spills and objects count, also where the record itself goes to the ring at once.
bool Backpressure::crowded(const SendRequest& request, Need need) const noexcept {
  return (need.spill_bytes != 0 && request.spilled == nullptr &&
          !queued_.has_room(need.spill_bytes)) ||
         (!request.objects.empty() && !objects_.has_room(request.objects.size()));
}

Recipient* Backpressure::find_refusing(const SendRequest& request, Need need,
                                       std::span<const RouteTarget> targets, Choice& out) {
  out.takers.clear();
  out.laggards.clear();
  const bool too_much = crowded(request, need);
  for (const RouteTarget& target : targets) {
    if (!too_much && has_room(*target.link, request, need)) {
      if (request.when_full != WhenFull::Refuse) out.takers.push_back(target);
    } else if (request.when_full == WhenFull::Refuse ||
               (request.when_full == WhenFull::Disconnect &&
                (too_much || !queued_.has_room(need.bytes)))) {
      // Or several receivers together are too slow, and none of them is to blame for all.
      was_crowded_ = was_crowded_ || too_much || !queued_.has_room(need.bytes);
      return target.recipient;
    } else if (request.when_full == WhenFull::Drop) {
      note_dropped(*target.recipient);
    } else {
      out.laggards.push_back(target.recipient);
    }
  }
  return nullptr;
}

void Backpressure::note_refused(Recipient& full) noexcept {
  note_refused();
  drain_owed_ = true;
  full.refused = true;
}

void Backpressure::note_dropped(Recipient& to) {
  ++counters_.dropped;
  if (to.dropped++ == 0) dropping_.push_back(&to);
}

void Backpressure::ask_drained() {
  drain_owed_ = true;
  notify_if_drained();
}

void Backpressure::forget(const Recipient& gone) {
  if (gone.refused) host_.notify(RoomNotice{gone.peer_id()});
  std::erase(dropping_, &gone);
}

void Backpressure::notify_dropped() {
  for (Recipient* to : dropping_)
    host_.notify(DroppedNotice{to->peer_id(), std::exchange(to->dropped, 0)});
  dropping_.clear();
}

void Backpressure::notify_if_roomy(Recipient& to) {
  if (!to.refused || was_crowded_ || !to.link->relaxed()) return;
  to.refused = false;
  host_.notify(RoomNotice{to.peer_id()});
}

void Backpressure::notify_if_uncrowded() {
  if (!was_crowded_ || !queued_.relaxed() || !objects_.relaxed()) return;
  was_crowded_ = false;
  for (auto& [peer, to] : recipients_) notify_if_roomy(to);
}

void Backpressure::notify_if_drained() {
  if (!drain_owed_ || !drained()) return;
  drain_owed_ = false;
  host_.notify(DrainedNotice{});
}

bool Backpressure::drained() const noexcept {
  return !was_crowded_ &&
         std::all_of(recipients_.begin(), recipients_.end(),
                     [](const auto& entry) { return entry.second.link->relaxed(); });
}

}  // namespace busbar
