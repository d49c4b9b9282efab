// What the sending end of a link gives the receiver beside its ring: spills for large payloads
// and kernel objects. Memory regions are in outbound_link_memory.cc.
#include <algorithm>
#include <utility>

#include "core/link/outbound_link.h"

namespace busbar {

bool OutboundLink::hand_over(const Obligation& obligation, std::uint64_t id) {
  if (obligation.spill != nullptr && !hand_over_spill(*obligation.spill)) return false;
  if (obligation.memory != nullptr && !hand_over_memory(*obligation.memory)) return false;
  if (obligation.objects != nullptr && !hand_over_objects(*obligation.objects, id)) return false;
  // The record is published next, so what is booked now is under way.
  if (obligation.memory != nullptr) book(*obligation.memory);
  return true;
}

bool OutboundLink::hand_over_spill(const Spill& spill) {
  if (std::find(known_spills_.begin(), known_spills_.end(), spill.id()) != known_spills_.end())
    return true;
  if (known_spills_.size() >= kMaxKnownSpills) forget_oldest_spill();
  auto handle = spill.memory().share();
  if (!handle) {
    wants_retry_ = true;
    return false;
  }
  const Handle* const handles[] = {&handle.value()};
  if (!send_on_channel({LinkFrameKind::Spill, spill.id(), spill.memory().size()}, handles))
    return false;
  known_spills_.push_back(spill.id());
  return true;
}

void OutboundLink::repeat_lost_spill() {
  if (lost_spill_ == 0) return;
  if (std::exchange(repeats_later_, false)) {
    wants_retry_ = true;
    return;
  }
  const auto found = std::find_if(tracked_.begin(), tracked_.end(), [this](const Tracked& tracked) {
    return tracked.obligation.spill != nullptr && tracked.obligation.spill->id() == lost_spill_;
  });
  // Else it asks for what it was never sent, or asked twice and has it now.
  if (found != tracked_.end()) {
    std::erase(known_spills_, lost_spill_);
    if (!hand_over_spill(*found->obligation.spill)) return;
  }
  lost_spill_ = 0;
}

bool OutboundLink::hand_over_objects(const ObjectBundle& objects, std::uint64_t id) {
  objects_wait_ = !may_give(objects.handles.size());
  if (objects_wait_) return false;
  std::vector<const Handle*> handles;
  handles.reserve(objects.handles.size());
  for (const Handle& handle : objects.handles) handles.push_back(&handle);
  return send_on_channel({LinkFrameKind::Objects, id, handles.size()}, handles);
}

// One message may exceed it when none is there.
bool OutboundLink::may_give(std::size_t objects) noexcept {
  (void)producer_.refresh_head();
  std::size_t given = 0;
  for (std::size_t index = tracked_published_; index > 0; --index) {
    const Tracked& tracked = tracked_[index - 1];
    if (tracked.position <= producer_.head()) break;
    if (tracked.obligation.objects != nullptr) given += tracked.obligation.objects->handles.size();
  }
  return given == 0 || given + objects <= kMaxObjectsGiven;
}

bool OutboundLink::send_on_channel(const LinkFrame& frame, std::span<const Handle* const> handles) {
  const Error sent = channel_->send(encode(frame), handles);
  if (sent.ok()) return true;
  if (sent.status == Status::WouldBlock) wants_writable_ = true;
  // PeerGone is told by the reactor, too, which then finds this message among the orphans.
  if (sent.status != Status::WouldBlock && sent.status != Status::PeerGone) wants_retry_ = true;
  return false;
}

void OutboundLink::forget_spills(const std::vector<std::uint64_t>& ids) {
  for (const std::uint64_t id : ids) {
    const auto known = std::find(known_spills_.begin(), known_spills_.end(), id);
    if (known == known_spills_.end()) continue;
    known_spills_.erase(known);
    forgets_.push_back({LinkFrameKind::ForgetSpill, id, 0});
  }
  send_forgets();
}

void OutboundLink::forget_oldest_spill() {
  const auto in_flight = [this](std::uint64_t id) {
    return std::any_of(tracked_.begin(), tracked_.end(), [id](const Tracked& tracked) {
      return tracked.obligation.spill != nullptr && tracked.obligation.spill->id() == id;
    });
  };
  const auto oldest = std::find_if_not(known_spills_.begin(), known_spills_.end(), in_flight);
  if (oldest == known_spills_.end()) return;
  const std::uint64_t id = *oldest;
  forget_spills({id});
}

void OutboundLink::send_forgets() {
  std::size_t sent = 0;
  for (; sent < forgets_.size(); ++sent) {
    const Error error = channel_->send(encode(forgets_[sent]), {});
    if (error.ok()) continue;
    if (error.status == Status::WouldBlock) wants_writable_ = true;
    if (error.status != Status::WouldBlock && error.status != Status::PeerGone) wants_retry_ = true;
    break;
  }
  forgets_.erase(forgets_.begin(), forgets_.begin() + static_cast<std::ptrdiff_t>(sent));
}

}  // namespace busbar
