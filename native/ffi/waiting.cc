// Waiting: one of the program's threads sleeps on the bells and wakes the others.
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <variant>

#include "ffi/objects.h"

namespace busbar::ffi {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

busbar_event event_of(std::int32_t kind, std::uint64_t peer_id, std::uint64_t count = 0) noexcept {
  busbar_event event{};
  event.size = sizeof event;
  event.kind = kind;
  event.peer_id = peer_id;
  event.count = count;
  return event;
}

void tell(busbar_endpoint& self, Lock& lock, const ControllerNotice& notice) {
  call_event(
      self, lock,
      event_of(BUSBAR_EVENT_CONTROLLER, notice.change.controller_id, notice.change.generation));
  log(self, lock, BUSBAR_LOG_INFO,
      "the controller is endpoint " + std::to_string(notice.change.controller_id) +
          " in generation " + std::to_string(notice.change.generation));
}

void tell(busbar_endpoint& self, Lock& lock, const UndeliveredNotice& notice) {
  busbar_event event = event_of(BUSBAR_EVENT_UNDELIVERED, notice.peer_id);
  event.status = code(notice.reason);
  event.message_id = notice.message_id;
  std::memcpy(event.type.bytes, notice.type.bytes.data(), sizeof event.type.bytes);
  event.format = notice.format;
  event.payload = {notice.payload.data(), notice.payload.size()};
  event.metadata = {notice.metadata.data(), notice.metadata.size()};
  call_event(self, lock, event);
  log(self, lock, BUSBAR_LOG_WARNING,
      "a message to endpoint " + std::to_string(notice.peer_id) +
          " was not delivered: " + status_text(notice.reason));
}

void tell(busbar_endpoint& self, Lock& lock, const DroppedNotice& notice) {
  call_event(self, lock, event_of(BUSBAR_EVENT_DROPPED, notice.peer_id, notice.messages));
  log(self, lock, BUSBAR_LOG_WARNING,
      "endpoint " + std::to_string(notice.peer_id) + " is too slow and did not get " +
          std::to_string(notice.messages) + " messages");
}

void tell(busbar_endpoint& self, Lock& lock, const DisconnectedNotice& notice) {
  call_event(self, lock, event_of(BUSBAR_EVENT_DISCONNECTED, notice.peer_id, notice.messages));
  log(self, lock, BUSBAR_LOG_WARNING,
      "endpoint " + std::to_string(notice.peer_id) + " was too slow and is given up");
}

void tell(busbar_endpoint& self, Lock& lock, const ViolationNotice& notice) {
  busbar_event event = event_of(BUSBAR_EVENT_VIOLATION, notice.violation.peer_id);
  event.status = code(notice.violation.status);
  call_event(self, lock, event);
  log(self, lock, BUSBAR_LOG_WARNING,
      "endpoint " + std::to_string(notice.violation.peer_id) + " of process " +
          std::to_string(notice.violation.peer_pid) +
          " is not listened to any more: " + status_text(notice.violation.status));
}

void tell(busbar_endpoint& self, Lock& lock, const PeersNotice& notice) {
  for (const Member& peer : notice.joined)
    call_event(self, lock, event_of(BUSBAR_EVENT_PEER_JOINED, peer.id, peer.pid));
  for (const PeersNotice::Relabelled& each : notice.relabelled)
    call_event(self, lock, event_of(BUSBAR_EVENT_PEER_RELABELLED, each.member.id, each.member.pid));
  for (const Member& peer : notice.left)
    call_event(self, lock, event_of(BUSBAR_EVENT_PEER_LEFT, peer.id, peer.pid));
}

void tell(busbar_endpoint& self, Lock& lock, const PeerEndedNotice& notice) {
  call_event(self, lock, event_of(BUSBAR_EVENT_PEER_ENDED, notice.peer_id));
}

// For a program that does not wait in busbar_endpoint_deliver().
void tell(busbar_endpoint& self, Lock& lock, const DeliveredNotice& notice) {
  const DeliveryResult& result = notice.result;
  self.reported_deliveries.erase(result.delivery);
  busbar_event event = event_of(BUSBAR_EVENT_DELIVERY_FAILED, 0);
  event.message_id = result.delivery;
  for (const DeliveryFailure& failure : result.failures) {
    event.peer_id = failure.peer_id;
    event.status = code(failure.reason);
    call_event(self, lock, event);
  }
  event = event_of(BUSBAR_EVENT_DELIVERED, 0, result.delivered);
  event.message_id = result.delivery;
  event.status = result.failures.empty() ? BUSBAR_OK : BUSBAR_UNDELIVERED;
  call_event(self, lock, event);
}

void tell(busbar_endpoint& self, Lock& lock, const RoomNotice& notice) {
  call_event(self, lock, event_of(BUSBAR_EVENT_ROOM, notice.peer_id));
}

void tell(busbar_endpoint& self, Lock& lock, const DrainedNotice&) {
  call_event(self, lock, event_of(BUSBAR_EVENT_DRAINED, 0));
}

template <typename Other>
void tell(busbar_endpoint&, Lock&, const Other&) {}

void forget_link(busbar_endpoint& self, std::uint32_t slot) {
  const auto link = self.links.find(slot);
  if (link != self.links.end() && link->second.messages != 0) {
    self.gone_links.push_back(slot);
    return;
  }
  self.links.erase(slot);
  self.last_link = nullptr;
  self.endpoint->forget_peer(slot);
}

// What calls that wait have to know, at once.
void take(busbar_endpoint& self, Notice& notice) {
  if (std::holds_alternative<JoinedNotice>(notice)) {
    self.joined = true;
  } else if (const auto* refused = std::get_if<RefusedNotice>(&notice)) {
    self.refused = refused->error;
  } else if (const auto* closed = std::get_if<ClosedNotice>(&notice)) {
    self.closed = true;
    self.abandoned = closed->abandoned;
  } else if (const auto* shown = std::get_if<RelabelledNotice>(&notice)) {
    self.label_revision = shown->revision;
  } else if (auto* delivered = std::get_if<DeliveredNotice>(&notice)) {
    const auto known = self.deliveries.find(delivered->result.delivery);
    if (known != self.deliveries.end()) known->second = std::move(delivered->result);
  } else if (std::holds_alternative<DrainedNotice>(notice)) {
    self.drained = true;
  } else if (const auto* link = std::get_if<LinkClosedNotice>(&notice)) {
    forget_link(self, link->slot);
  } else if (const auto* ended = std::get_if<PeerEndedNotice>(&notice)) {
    if (self.watches_peers) self.endings.push_back(*ended);
  }
}

bool is_told(const busbar_endpoint& self, const Notice& notice) {
  if (std::holds_alternative<PeersNotice>(notice)) return self.watches_peers;
  if (const auto* delivered = std::get_if<DeliveredNotice>(&notice))
    return self.reported_deliveries.contains(delivered->result.delivery);
  return std::holds_alternative<ControllerNotice>(notice) ||
         std::holds_alternative<UndeliveredNotice>(notice) ||
         std::holds_alternative<DroppedNotice>(notice) ||
         std::holds_alternative<DisconnectedNotice>(notice) ||
         std::holds_alternative<ViolationNotice>(notice) ||
         std::holds_alternative<RoomNotice>(notice) ||
         std::holds_alternative<DrainedNotice>(notice);
}

// The program has everything that was received.
void release_endings(busbar_endpoint& self) {
  if (self.endings.empty() || !self.inbox.empty()) return;
  for (const PeerEndedNotice& ended : std::exchange(self.endings, {}))
    self.untold_notices.emplace_back(ended);
}

// In their order: while one thread calls the callbacks, the others leave it to that thread. A
// callback that comes here again goes on where it is.
void tell_all(busbar_endpoint& self, Lock& lock) {
  const std::thread::id me = std::this_thread::get_id();
  if (self.untold_notices.empty() || (self.teller && *self.teller != me)) return;
  const bool outermost = !std::exchange(self.teller, me);
  while (!self.untold_notices.empty()) {
    const Notice notice = std::move(self.untold_notices.front());
    self.untold_notices.pop_front();
    std::visit([&](const auto& content) { tell(self, lock, content); }, notice);
  }
  if (outermost) self.teller.reset();
}

}  // namespace

Deadline deadline_after(std::int32_t timeout_ms) noexcept {
  if (timeout_ms < 0) return std::nullopt;
  return steady_clock::now() + milliseconds(timeout_ms);
}

busbar_peer_list::Peer peer_of(const Member& member) {
  busbar_peer_list::Peer peer{member.id, member.pid, {}};
  for (const std::string_view string : member.label) peer.label.emplace_back(string);
  return peer;
}

namespace {

// Whoever collects the bells before the sleeping thread has seen this one calls it again.
void call_sleeper(busbar_endpoint& self) {
  self.sleeper_called = true;
  self.endpoint->bells().raise();
}

}  // namespace

void hear(busbar_endpoint& self, Lock& lock) {
  const bool ready = self.endpoint->collect_bells();
  std::vector<Notice> notices = self.endpoint->take_notices();
  // This thread has taken what the sleeping thread was woken for, perhaps even the bell itself.
  if (self.thread_sleeps &&
      (self.sleeper_called || (ready && self.thread_receives) || !notices.empty()))
    call_sleeper(self);
  if (!notices.empty()) self.changed.notify_all();
  for (Notice& notice : notices) {
    take(self, notice);
    if (is_told(self, notice)) self.untold_notices.push_back(std::move(notice));
  }
  release_endings(self);
  tell_all(self, lock);
}

namespace {

void wait_for_change(busbar_endpoint& self, Lock& lock, const Deadline& deadline) {
  if (deadline) {
    (void)self.changed.wait_until(lock, *deadline);
  } else {
    self.changed.wait(lock);
  }
}

}  // namespace

void sleep(busbar_endpoint& self, Lock& lock, const Deadline& deadline, bool wants_messages) {
  // Senders have to ring for a thread that waits for messages.
  if (self.thread_receives && !self.endpoint->sleep()) {
    if (wants_messages) return;
    // There are messages for another thread. This thread releases the lock, so that the other one
    // can take them, and is woken when the other one sleeps again or returns.
    if (self.thread_sleeps) call_sleeper(self);
    self.changed.notify_all();
    return wait_for_change(self, lock, deadline);
  }
  if (self.thread_sleeps) return wait_for_change(self, lock, deadline);
  int timeout_ms = -1;
  if (deadline) {
    const auto left = std::chrono::ceil<milliseconds>(*deadline - steady_clock::now());
    timeout_ms = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000'000));
  }
  self.thread_sleeps = true;
  DoorbellSet& bells = self.endpoint->bells();
  lock.unlock();
  bells.wait(timeout_ms);
  lock.lock();
  self.thread_sleeps = false;
  self.sleeper_called = false;
  self.changed.notify_all();
}

void call_event(busbar_endpoint& self, Lock& lock, const busbar_event& event) {
  if (self.on_event == nullptr) return;
  lock.unlock();
  self.on_event(self.context, &event);
  lock.lock();
}

void log(busbar_endpoint& self, Lock& lock, std::int32_t level, const std::string& text) {
  if (self.on_log == nullptr) return;
  lock.unlock();
  self.on_log(self.context, level, text.c_str());
  lock.lock();
}

}  // namespace busbar::ffi
