// What the Sender does when receivers come, go and die: progress, burials, timers, closing.
#include <algorithm>
#include <utility>

#include "core/endpoint/sender.h"

namespace busbar {
namespace {

constexpr std::chrono::milliseconds kRecoveryRetry{5};

}  // namespace

void Sender::on_channel(std::uint64_t link_id) {
  const auto found = links_by_id_.find(link_id);
  if (found == links_by_id_.end()) return;
  OutboundLink& link = *found->second;
  const OutboundLink::Received received = link.receive();
  if (received.gone) {
    bury(link, received.refused == Status::Ok ? Status::PeerGone : received.refused);
    return;
  }
  progress(link);
}

void Sender::progress(OutboundLink& link) {
  const bool sane = link.make_progress(settling(link));
  if (!sane) {
    const Violation violation{link.peer_id(), link.peer_pid(), Status::ProtocolViolation};
    bury(link, Status::ProtocolViolation);
    host_.notify(ViolationNotice{violation});
    return;
  }
  (void)link.ring_if_asleep();
  settle_later(link);
  const std::vector<std::uint64_t> trimmed = pool_.trim();
  if (!trimmed.empty()) {
    for (auto& [peer, each] : links_) each->forget_spills(trimmed);
  }
  tell_if_roomy(link);
  tell_if_uncrowded();
  tell_if_drained();
}

void Sender::tell_if_roomy(OutboundLink& link) {
  if (!link.refused || was_crowded_ || !link.relaxed()) return;
  link.refused = false;
  host_.notify(RoomNotice{link.peer_id()});
}

void Sender::tell_if_uncrowded() {
  if (!was_crowded_ || !queued_.relaxed() || !objects_.relaxed()) return;
  was_crowded_ = false;
  for (auto& [peer, link] : links_) tell_if_roomy(*link);
}

void Sender::tell_if_drained() {
  if (!drain_owed_ || !drained()) return;
  drain_owed_ = false;
  host_.notify(DrainedNotice{});
}

void Sender::ask_drained() {
  drain_owed_ = true;
  tell_if_drained();
}

OutboundLink::OnSettled Sender::settling(const OutboundLink& link) {
  return [this, peer = link.peer_id()](std::uint64_t delivery, Status status) {
    settle(status == Status::Ok ? deliveries_.succeeded(delivery)
                                : deliveries_.failed(delivery, {peer, status}));
  };
}

void Sender::settle(std::optional<DeliveryResult> result) {
  if (result) host_.notify(DeliveredNotice{std::move(*result)});
}

const OutboundLink* Sender::find_link(std::uint64_t link_id) const noexcept {
  const auto found = links_by_id_.find(link_id);
  return found == links_by_id_.end() ? nullptr : found->second;
}

void Sender::on_introduction_failed(std::uint64_t to_id, std::uint64_t link_id, Status why) {
  if (why == Status::LimitExceeded) {
    // Some introduction, or this one, was lost on its way: to be repeated. 0 stands for any.
    for (auto& [peer, link] : links_) {
      const bool meant =
          (to_id == 0 || peer == to_id) && (link_id == 0 || link->link_id() == link_id);
      if (!meant || link->state() != OutboundLink::State::Introducing) continue;
      link->introduction = OutboundLink::Introduction::Retry;
      host_.needs_attention();
    }
    return;
  }
  const auto found = links_by_id_.find(link_id);
  if (found == links_by_id_.end() || found->second->peer_id() != to_id) return;
  give_up_introducing(*found->second, why);
}

void Sender::introduce(OutboundLink& link) {
  const Error error = host_.introduce(link);
  if (error.ok()) {
    link.introduction = OutboundLink::Introduction::Sent;
  } else {
    // Without a controller, repeat_introductions() follows as soon as there is one.
    link.introduction = error.status == Status::NoController
                            ? OutboundLink::Introduction::AwaitsController
                            : OutboundLink::Introduction::Retry;
    host_.needs_attention();
  }
}

bool Sender::needs_introduction(const OutboundLink& link) noexcept {
  return link.state() == OutboundLink::State::Introducing &&
         link.introduction == OutboundLink::Introduction::Retry;
}

void Sender::repeat_introductions() {
  for (auto& [peer, link] : links_) {
    if (link->state() == OutboundLink::State::Introducing) introduce(*link);
  }
}

void Sender::give_up_introducing(OutboundLink& link, Status why) {
  if (link.state() == OutboundLink::State::Introducing && link.revoke()) bury(link, why);
}

// The receiver is gone (or broke the protocol): what it had not taken needs another place.
void Sender::bury(OutboundLink& link, Status reason) {
  const std::uint64_t peer = link.peer_id();
  std::vector<OutboundLink::Orphan> orphans = link.mark_dead(settling(link));
  remove(link);
  for (OutboundLink::Orphan& orphan : orphans) find_new_home(std::move(orphan), peer, reason);
  flush_bells();
  tell_if_uncrowded();
  tell_if_drained();
}

void Sender::disconnect(OutboundLink& link) {
  const std::uint64_t peer = link.peer_id();
  std::vector<OutboundLink::Orphan> orphans =
      link.disconnect(settling(link), [this, peer](const Obligation& owed) {
        // It may read the payload at any time.
        if (owed.spill != nullptr) pool_.retire(*owed.spill);
        if (owed.delivery != 0) settle(deliveries_.failed(owed.delivery, {peer, Status::TooSlow}));
      });
  ++counters_.disconnected;
  remove(link);
  host_.notify(DisconnectedNotice{peer, orphans.size()});
  for (OutboundLink::Orphan& orphan : orphans)
    find_new_home(std::move(orphan), peer, Status::TooSlow);
  tell_if_uncrowded();
}

// Nothing is sent to this receiver any more.
void Sender::remove(OutboundLink& link) {
  const std::uint64_t peer = link.peer_id();
  if (link.refused) host_.notify(RoomNotice{peer});
  std::erase(unrung_, &link);
  std::erase(dropping_, &link);
  links_by_id_.erase(link.link_id());
  const auto found = links_.find(peer);
  std::unique_ptr<OutboundLink> closed = std::move(found->second);
  links_.erase(found);
  gone_.insert(peer);
  routes_.invalidate();
  host_.link_closed(std::move(closed));
}

void Sender::find_new_home(OutboundLink::Orphan orphan, std::uint64_t dead_peer, Status reason) {
  const auto record = parse_record(orphan.record);
  if (!record) {
    if (orphan.obligation.delivery != 0)
      settle(deliveries_.failed(orphan.obligation.delivery, {dead_peer, reason}));
    return;
  }
  const bool unicast = (record->header.flags & record_flag::kUnicast) != 0;
  if (unicast && (resend(*record, orphan.obligation) || park_again(*record, orphan.obligation))) {
    ++counters_.rerouted;
    return;
  }
  UndeliveredNotice notice{dead_peer,         reason, record->header.type, record->header.format,
                           record->header.id, {}};
  const std::span<const std::byte> payload = payload_of(*record, orphan.obligation);
  if (report_undelivered_) notice.payload.assign(payload.begin(), payload.end());
  report(notice, orphan.obligation.delivery);
}

std::span<const std::byte> Sender::payload_of(const ParsedRecord& record,
                                              const Obligation& obligation) const {
  if (!record.extensions.spill || obligation.spill == nullptr) return record.payload;
  return {obligation.spill->memory().data(), obligation.spill_bytes};
}

bool Sender::resend(const ParsedRecord& record, const Obligation& obligation) {
  Route* route = routes_.find(record.header.route);
  if (route == nullptr) return false;
  look_again_if_stale(*route);
  if (route->targets.empty()) return false;
  const std::size_t chosen = choose(*route);
  const auto target = std::span(route->targets).subspan(chosen, 1);
  if (!open_links(target).ok()) return false;
  if (obligation.memory != nullptr && !open_flights(obligation.memory->ranges, target).ok())
    return false;
  Dispatch dispatch;
  dispatch.message = {{record.header.type, record.header.format, record.header.flags,
                       record.header.route, record.header.id, record.payload},
                      record.header.object_count,
                      record.extensions};
  dispatch.obligation = obligation;
  // Beyond the queue's limit if need be: it was accepted once, and the dead link's own limits bound
  // how much comes.
  put(*route->targets[chosen].link, dispatch);
  return true;
}

void Sender::report(const UndeliveredNotice& notice, std::uint64_t delivery) {
  ++counters_.undelivered;
  if (delivery != 0) settle(deliveries_.failed(delivery, {notice.peer_id, notice.reason}));
  if (report_undelivered_) host_.notify(notice);
}

void Sender::on_directory_changed() {
  std::erase_if(gone_, [this](std::uint64_t id) { return directory_->find(id) == nullptr; });
  std::vector<OutboundLink*> lost;
  for (auto& [peer, link] : links_) {
    // An attached receiver's end is told by its channel, which also says how far it came.
    if (link->state() == OutboundLink::State::Introducing && directory_->find(peer) == nullptr) {
      lost.push_back(link.get());
    }
  }
  for (OutboundLink* link : lost) give_up_introducing(*link, Status::PeerGone);
  try_parked();
  kept_.want_round();
}

std::optional<TimePoint> Sender::next_deadline() const {
  std::optional<TimePoint> next;
  const auto consider = [&next](TimePoint candidate) {
    if (!next || candidate < *next) next = candidate;
  };
  for (const auto expiry : {parked_.next_expiry_ms(), kept_.next_expiry_ms()}) {
    if (expiry) consider(TimePoint(std::chrono::milliseconds(*expiry)));
  }
  if (retry_parked_at_) consider(*retry_parked_at_);
  if (retry_kept_at_) consider(*retry_kept_at_);
  if (kept_.has_work()) consider(platform_.now());
  for (const auto& [peer, link] : links_) {
    if (link->wants_retry() || needs_introduction(*link))
      consider(platform_.now() + kRecoveryRetry);
    if (link->settle_at) consider(*link->settle_at);
    if (link->progress_due) consider(platform_.now());
  }
  return next;
}

void Sender::expire(std::vector<ParkedMessage> messages) {
  for (ParkedMessage& message : messages) {
    ++counters_.expired;
    UndeliveredNotice notice{0, Status::NoRecipient,       message.type, message.format,
                             0, std::move(message.payload)};
    if (message.delivery != 0) deliveries_.expect(message.delivery, 1);
    report(notice, message.delivery);
  }
}

void Sender::on_deadline() {
  expire(parked_.take_expired(now_ms()));
  expire(kept_.take_expired(now_ms()));
  if (retry_parked_at_ && *retry_parked_at_ <= platform_.now()) try_parked();
  try_kept();
  std::vector<OutboundLink*> waiting;
  for (auto& [peer, link] : links_) {
    const bool due = link->settle_at && *link->settle_at <= platform_.now();
    if (due) {
      link->settle_at.reset();
      link->arm_quiet();
    }
    if (due || link->progress_due || link->wants_retry()) waiting.push_back(link.get());
    if (needs_introduction(*link)) introduce(*link);
  }
  for (OutboundLink* link : waiting) progress(*link);
  tell_if_uncrowded();
}

std::vector<OutboundLink*> Sender::take_writable_wishes() {
  std::vector<OutboundLink*> wishes;
  for (auto& [peer, link] : links_) {
    if (!link->wants_writable()) continue;
    link->clear_wants_writable();
    wishes.push_back(link.get());
  }
  return wishes;
}

bool Sender::wants_directory_changes() const noexcept {
  return !parked_.empty() || !kept_.empty() ||
         std::any_of(links_.begin(), links_.end(), [](const auto& entry) {
           return entry.second->state() == OutboundLink::State::Introducing;
         });
}

bool Sender::drained() const noexcept {
  return !was_crowded_ && std::all_of(links_.begin(), links_.end(),
                                      [](const auto& entry) { return entry.second->relaxed(); });
}

bool Sender::settled() const noexcept {
  return std::all_of(links_.begin(), links_.end(), [](const auto& entry) {
    return entry.second->flushed() &&
           (entry.second->state() != OutboundLink::State::Introducing || entry.second->idle());
  });
}

std::uint64_t Sender::queued_messages() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& [peer, link] : links_) sum += link->queued_messages();
  return sum;
}

void Sender::forget_unmapped() {
  for (auto& [peer, link] : links_) link->forget_unmapped();
}

void Sender::close_all() {
  unrung_.clear();
  for (auto& [peer, link] : links_) {
    (void)link->ring_if_asleep();
    link->hang_up();
    host_.link_closed(std::move(link));
  }
  links_by_id_.clear();
  links_.clear();
}

}  // namespace busbar
