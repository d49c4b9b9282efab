// What the Sender does when receivers come, go and die: progress, burials, timers, closing.
#include <algorithm>
#include <utility>

#include "core/endpoint/sender.h"

namespace busbar {
namespace {

constexpr std::chrono::milliseconds kRecoveryRetry{5};

}  // namespace

void Sender::on_channel(std::uint64_t link_id) {
  Recipient* to = recipients_.find_link(link_id);
  if (to == nullptr) return;
  const OutboundLink::Received received = to->link->receive();
  if (received.gone) {
    bury(*to, received.refused == Status::Ok ? Status::PeerGone : received.refused);
    return;
  }
  progress(*to);
}

void Sender::progress(Recipient& to) {
  OutboundLink& link = *to.link;
  const bool sane = link.make_progress(settling(to));
  if (!sane) {
    const Violation violation{link.peer_id(), link.peer_pid(), Status::ProtocolViolation};
    bury(to, Status::ProtocolViolation);
    host_.notify(ViolationNotice{violation});
    return;
  }
  (void)link.ring_if_asleep();
  settle_later(to);
  forget_spills(pool_.trim());
  if (pool_.idle_bytes() > SpillPool::kRestBytes) note_pool();
  backpressure_.notify_if_roomy(to);
  backpressure_.notify_if_uncrowded();
  backpressure_.notify_if_drained();
}

OutboundLink::OnSettled Sender::settling(const Recipient& to) {
  return [this, peer = to.peer_id()](std::uint64_t delivery, Status status) {
    if (status == Status::Ok) {
      settle(deliveries_.succeeded(delivery));
    } else {
      fail_delivery(delivery, peer, status);
    }
  };
}

void Sender::fail_delivery(std::uint64_t delivery, std::uint64_t peer_id, Status reason) {
  if (delivery != 0) settle(deliveries_.failed(delivery, {peer_id, reason}));
}

void Sender::settle(std::optional<DeliveryResult> result) {
  if (result) host_.notify(DeliveredNotice{std::move(*result)});
}

const OutboundLink* Sender::find_link(std::uint64_t link_id) const noexcept {
  const Recipient* to = recipients_.find_link(link_id);
  return to == nullptr ? nullptr : to->link.get();
}

void Sender::on_introduction_failed(std::uint64_t to_id, std::uint64_t link_id, Status why) {
  if (why == Status::LimitExceeded) {
    // Some introduction, or this one, was lost on its way: to be repeated. 0 stands for any.
    for (auto& [peer, to] : recipients_) {
      const bool meant =
          (to_id == 0 || peer == to_id) && (link_id == 0 || to.link->link_id() == link_id);
      if (!meant || !to.introducing()) continue;
      to.introduction = Recipient::Introduction::Retry;
      host_.needs_attention();
    }
    return;
  }
  Recipient* to = recipients_.find_link(link_id);
  if (to != nullptr && to->peer_id() == to_id) give_up_introducing(*to, why);
}

void Sender::introduce(Recipient& to) {
  const Error error = host_.introduce(*to.link);
  if (error.ok()) {
    to.introduction = Recipient::Introduction::Sent;
  } else {
    // Without a controller, repeat_introductions() follows as soon as there is one.
    to.introduction = error.status == Status::NoController
                          ? Recipient::Introduction::AwaitsController
                          : Recipient::Introduction::Retry;
    host_.needs_attention();
  }
}

void Sender::repeat_introductions() {
  for (auto& [peer, to] : recipients_) {
    if (to.introducing()) introduce(to);
  }
}

void Sender::give_up_introducing(Recipient& to, Status why) {
  if (to.introducing() && to.link->revoke()) bury(to, why);
}

// The receiver is gone (or broke the protocol): what it had not taken needs another place.
void Sender::bury(Recipient& gone, Status reason) {
  const std::uint64_t peer = gone.peer_id();
  const ObserverMask observers = gone.observers;
  std::vector<OutboundLink::Orphan> orphans = gone.link->mark_dead(settling(gone));
  remove(gone);
  for (OutboundLink::Orphan& orphan : orphans)
    find_new_home(std::move(orphan), peer, reason, observers);
  flush_bells();
  backpressure_.notify_if_uncrowded();
  backpressure_.notify_if_drained();
}

void Sender::disconnect(Recipient& to) {
  const std::uint64_t peer = to.peer_id();
  const ObserverMask observers = to.observers;
  std::vector<OutboundLink::Orphan> orphans =
      to.link->disconnect(settling(to), [this, peer](const Obligation& owed) {
        // It may read the payload at any time.
        if (owed.spill != nullptr) pool_.retire(*owed.spill);
        fail_delivery(owed.delivery, peer, Status::TooSlow);
      });
  ++counters_.disconnected;
  remove(to);
  host_.notify(DisconnectedNotice{peer, orphans.size()});
  for (OutboundLink::Orphan& orphan : orphans)
    find_new_home(std::move(orphan), peer, Status::TooSlow, observers);
  backpressure_.notify_if_uncrowded();
}

// Nothing is sent to this receiver any more.
void Sender::remove(Recipient& gone) {
  const std::uint64_t peer = gone.peer_id();
  backpressure_.forget(gone);
  std::erase(unrung_, &gone);
  observers_.forget(gone);
  gone_.insert(peer);
  routes_.invalidate();
  host_.link_closed(recipients_.remove(gone));
}

void Sender::find_new_home(OutboundLink::Orphan orphan, std::uint64_t dead_peer, Status reason,
                           ObserverMask observers) {
  const auto record = parse_record(orphan.record);
  if (!record) {
    fail_delivery(orphan.obligation.delivery, dead_peer, reason);
    return;
  }
  const bool unicast = (record->header.flags & record_flag::kUnicast) != 0;
  if (unicast && (resend(*record, orphan.obligation) || park_again(*record, orphan.obligation))) {
    ++counters_.rerouted;
    return;
  }
  const std::uint64_t id = record->extensions.origin.empty() ? record->header.id : 0;
  UndeliveredNotice notice{dead_peer, reason, record->header.type, record->header.format, id,
                           {},        {}};
  const std::span<const std::byte> payload = payload_of(*record, orphan.obligation);
  if (report_undelivered_) {
    const std::span<const std::byte> metadata = record->extensions.metadata;
    notice.payload.assign(payload.begin(), payload.end());
    notice.metadata.assign(metadata.begin(), metadata.end());
  }
  if (observers != 0) {
    observe_undelivered(observers, notice, payload,
                        Dispatch::from_record(*record, orphan.obligation));
  }
  report(notice, orphan.obligation.delivery);
}

std::span<const std::byte> Sender::payload_of(const ParsedRecord& record,
                                              const Obligation& obligation) {
  if (!record.extensions.spill || obligation.spill == nullptr) return record.payload;
  return {obligation.spill->memory().data() + obligation.spill_offset, obligation.spill_bytes};
}

bool Sender::resend(const ParsedRecord& record, const Obligation& obligation) {
  Route* route = routes_.find(record.header.route);
  if (route == nullptr) return false;
  look_again_if_stale(*route);
  if (route->targets.empty()) return false;
  const auto target = std::span(route->targets).subspan(choose(*route), 1);
  if (!open_links(target).ok()) return false;
  if (obligation.memory != nullptr && !open_flights(obligation.memory->ranges, target).ok())
    return false;
  // Beyond the queue's limit if need be: it was accepted once, and the dead link's own limits bound
  // how much comes.
  const Dispatch dispatch = Dispatch::from_record(record, obligation);
  const std::uint64_t time = time_for_copies();
  put(*target.front().recipient, dispatch);
  if (observers_.any()) {
    observe_dispatch(dispatch, payload_of(record, obligation), ObservationEvent::SentAgain, target,
                     time);
  }
  return true;
}

void Sender::report(const UndeliveredNotice& notice, std::uint64_t delivery) {
  ++counters_.undelivered;
  fail_delivery(delivery, notice.peer_id, notice.reason);
  if (report_undelivered_) host_.notify(notice);
}

void Sender::on_directory_changed() {
  std::erase_if(gone_, [this](std::uint64_t id) { return directory_->find(id) == nullptr; });
  std::vector<Recipient*> lost;
  for (auto& [peer, to] : recipients_) {
    // The channel reports an attached receiver's end, and how far the receiver came.
    if (to.introducing() && directory_->find(peer) == nullptr) lost.push_back(&to);
  }
  for (Recipient* to : lost) give_up_introducing(*to, Status::PeerGone);
  try_parked();
  waiting_.want_kept_round();
}

std::optional<TimePoint> Sender::next_deadline() const {
  std::optional<TimePoint> next = waiting_.next_deadline();
  if (pool_rests_at_ && (!next || *pool_rests_at_ < *next)) next = pool_rests_at_;
  const auto consider = [&next](TimePoint candidate) {
    if (!next || candidate < *next) next = candidate;
  };
  for (const auto& [peer, to] : recipients_) {
    if (to.link->wants_retry() || to.needs_introduction())
      consider(platform_.now() + kRecoveryRetry);
    if (to.settle_at) consider(*to.settle_at);
    if (to.link->progress_due()) consider(platform_.now());
  }
  return next;
}

void Sender::on_deadline() {
  expire(waiting_.take_expired(now_ms()));
  if (waiting_.parked_due()) try_parked();
  if (waiting_.try_kept(directory_)) flush_bells();
  std::vector<Recipient*> waiting;
  for (auto& [peer, to] : recipients_) {
    const bool due = to.settle_at && *to.settle_at <= platform_.now();
    if (due) {
      to.settle_at.reset();
      to.link->arm_quiet();
    }
    if (due || to.link->progress_due() || to.link->wants_retry()) waiting.push_back(&to);
    if (to.needs_introduction()) introduce(to);
  }
  for (Recipient* to : waiting) progress(*to);
  rest_pool(platform_.now());
  backpressure_.notify_if_uncrowded();
}

std::vector<OutboundLink*> Sender::take_writable_wishes() {
  std::vector<OutboundLink*> wishes;
  for (auto& [peer, to] : recipients_) {
    if (!to.link->wants_writable()) continue;
    to.link->clear_wants_writable();
    wishes.push_back(to.link.get());
  }
  return wishes;
}

bool Sender::wants_directory_changes() const noexcept {
  return !waiting_.empty() ||
         std::any_of(recipients_.begin(), recipients_.end(),
                     [](const auto& entry) { return entry.second.introducing(); });
}

bool Sender::may_close() const noexcept {
  return std::all_of(recipients_.begin(), recipients_.end(), [](const auto& entry) {
    const Recipient& to = entry.second;
    // Nothing waits for an observer: it may be stopped.
    if (to.observer) return true;
    return to.link->flushed() && (!to.introducing() || to.link->idle());
  });
}

std::uint64_t Sender::queued_messages() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& [peer, to] : recipients_) sum += to.link->queued_messages();
  return sum;
}

void Sender::forget_unmapped() {
  for (auto& [peer, to] : recipients_) to.link->flights().forget_unmapped();
}

void Sender::close_all() {
  unrung_.clear();
  for (auto& [peer, to] : recipients_) {
    (void)to.link->ring_if_asleep();
    to.link->hang_up();
    host_.link_closed(std::move(to.link));
  }
  recipients_.clear();
}

}  // namespace busbar
