// The way of a message from send() into the rings of its receivers.
#include "core/endpoint/sender.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace busbar {

Sender::Sender(Platform& platform, SenderHost& host, const JoinOptions& options, bool observable)
    : platform_(platform),
      host_(host),
      options_(options),
      queued_(options.total_queue_bytes),
      objects_(options.max_queued_objects),
      pool_(platform, queued_),
      shared_from_(options.queue_bytes >= kLeastForSlabs &&
                           options.total_queue_bytes >= kLeastForSlabs
                       ? kSharedFrom
                       : std::numeric_limits<std::size_t>::max()),
      most_at_once_(most_at_once()),
      backpressure_(host, recipients_, queued_, objects_, counters_),
      waiting_(platform, host, *this, options, queued_),
      observers_(platform, *this, recipients_, observable) {}

std::uint64_t Sender::most_at_once() const noexcept {
  const std::uint64_t share = options_.ring_bytes / 4;
  const std::uint64_t extras = max_record_bytes(0, {.regions = 0, .metadata = kMaxMetadataBytes});
  const std::uint64_t in_ring = share - std::min(share, extras);
  return std::min<std::uint64_t>({in_ring, shared_from_ - 1, options_.max_message_bytes});
}

void Sender::set_directory(DirectoryReader* directory, std::uint64_t self_id) {
  directory_ = directory;
  self_id_ = self_id;
  routes_.invalidate();
  observers_.forget_directory();
}

std::uint64_t Sender::now_ms() const noexcept {
  const auto since = platform_.now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

// 0 for a message that does not wait.
std::uint64_t Sender::expiry_of(const SendRequest& request) const noexcept {
  return request.ttl_ms == 0 ? 0 : now_ms() + std::min(request.ttl_ms, kMaxTtlMs);
}

void Sender::look_again_if_stale(Route& route) {
  if (routes_.current(route, *directory_)) return;
  routes_.refresh(route, *directory_, self_id_, gone_);
  observers_.look(*directory_, self_id_);
  for (RouteTarget& target : route.targets) {
    bind(target, recipients_.find(target.peer_id));
    if (!observers_.any()) continue;
    const Member* listed = directory_->find(target.peer_id);
    target.observers = listed == nullptr ? ObserverMask{0} : observers_.between(*listed);
    target.observable = listed != nullptr && listed->observable();
  }
  // Until nothing is held back, each message looks whether something is to go before it.
  if (!waiting_.held_back().empty()) route.seen_view = 0;
}

std::vector<Member> Sender::matches(std::uint32_t route_id) {
  std::vector<Member> members;
  members.reserve(count_matches(route_id));
  if (const Route* route = routes_.find(route_id); route != nullptr && directory_ != nullptr) {
    for (const RouteTarget& target : route->targets) {
      if (const Member* member = directory_->find(target.peer_id)) members.push_back(*member);
    }
  }
  return members;
}

std::size_t Sender::count_matches(std::uint32_t route_id) {
  Route* route = routes_.find(route_id);
  if (route == nullptr || directory_ == nullptr) return 0;
  look_again_if_stale(*route);
  return route->targets.size();
}

SendOutcome Sender::send(const SendRequest& request) {
  SendOutcome outcome;
  while (!try_send(request, outcome)) outcome = {};
  return outcome;
}

bool Sender::try_send(const SendRequest& request, SendOutcome& outcome) {
  Route* route = routes_.find(request.route);
  if (route == nullptr || directory_ == nullptr) {
    outcome.error = {route == nullptr ? Status::InvalidSelector : without_directory_};
    return true;
  }
  if (request.payload.size() > options_.max_message_bytes) {
    outcome.error = {Status::TooLarge};
    return true;
  }
  route = send_parked_before(*route, request.route);
  if (route == nullptr) {
    outcome.error = {Status::InvalidSelector};
    return true;
  }
  look_again_if_stale(*route);
  if (route->targets.empty()) {
    outcome = send_without_receiver(request, *route);
    return true;
  }

  const std::size_t first = route->unicast ? choose(*route) : 0;
  std::span<RouteTarget> targets =
      std::span(route->targets).subspan(first, route->unicast ? 1 : route->targets.size());
  const HeldBack& held_back = waiting_.held_back();
  outcome.error = held_back.contains_any(targets) ? held_back.why() : open_links(targets);
  if (!outcome.error.ok()) return true;

  const RecordExtras extras = request.extras();
  const bool large = is_large(request.payload.size(), extras);
  const bool shares = !large && shares_spill(request, targets);
  const Need need{.bytes = max_record_bytes(large || shares ? 0 : request.payload.size(), extras),
                  .spill_bytes = large ? request.payload.size() : 0};
  if (Recipient* full = backpressure_.find_refusing(request, need, targets, choice_)) {
    backpressure_.note_refused(*full);
    outcome.error = {Status::QueueFull};
    outcome.peer_id = full->peer_id();
    return true;
  }
  if (request.when_full != WhenFull::Refuse) {
    for (Recipient* laggard : choice_.laggards) disconnect(*laggard);
    targets = choice_.takers;
    if (targets.empty()) return !route->unicast || request.when_full != WhenFull::Disconnect;
  }
  const std::uint64_t time = time_for_copies();
  if (!request.conditional() && !large && !shares) {
    outcome.message_id = send_simple(request, *route, targets);
  } else {
    outcome.error = send_with_obligations(request, *route, targets, shares, outcome);
    if (!outcome.error.ok()) return true;
  }
  if (route->unicast) outcome.peer_id = targets.front().peer_id;
  if (observers_.any()) observe_sent(request, *route, targets, time);
  outcome.receivers = static_cast<std::uint32_t>(targets.size());
  counters_.sent_messages += targets.size();
  counters_.sent_bytes += request.payload.size() * targets.size();
  return true;
}

// The common case: nothing is owed to anybody but the bytes themselves.
std::uint64_t Sender::send_simple(const SendRequest& request, const Route& route,
                                  std::span<const RouteTarget> targets) {
  const SimpleMessage message = simple_message(request, route, next_message_id_++);
  for (const RouteTarget& target : targets) {
    if (target.link->put_now(message)) {
      note_unrung(*target.recipient);
    } else {
      put(*target.recipient, Dispatch::from_simple(message));
    }
  }
  return message.id;
}

Error Sender::send_with_obligations(const SendRequest& request, const Route& route,
                                    std::span<const RouteTarget> targets, bool shares,
                                    SendOutcome& out) {
  std::shared_ptr<const ObjectBundle> objects;
  if (!request.objects.empty()) {
    auto copied = copy_objects(request);
    if (!copied) return copied.error();
    objects = copied.take();
  }
  Dispatch dispatch =
      Dispatch::from_request(request, route.flags(), expiry_of(request), std::move(objects));
  if (shares) {
    share_spill(dispatch);
  } else if (const Error error = spill_if_large(dispatch); !error.ok()) {
    return error;
  }
  if (const Error error = open_flights(request.regions, targets); !error.ok()) return error;
  if (request.acknowledge != Acknowledge::None) {
    out.delivery = deliveries_.open();
    deliveries_.expect(out.delivery, static_cast<std::uint32_t>(targets.size()));
    dispatch.obligation.delivery = out.delivery;
  }
  out.message_id = next_message_id_++;
  dispatch.message.id = out.message_id;
  for (const RouteTarget& target : targets) {
    if (request.key.empty()) {
      put(*target.recipient, dispatch);
    } else {
      put_latest(*target.recipient, request.key, dispatch);
    }
  }
  return {};
}

// The unicast target with the least unread bytes; ties go round-robin.
std::size_t Sender::choose(Route& route) {
  const std::size_t count = route.targets.size();
  if (count == 1) return 0;
  std::size_t best = route.next % count;
  std::uint64_t least = kNoPosition;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t index = (route.next + i) % count;
    OutboundLink* link = route.targets[index].link;
    const std::uint64_t unread = link == nullptr ? 0 : link->unread();
    if (unread >= least) continue;
    least = unread;
    best = index;
  }
  route.next = best + 1;
  return best;
}

Error Sender::open_links(std::span<RouteTarget> targets) {
  for (RouteTarget& target : targets) {
    if (target.recipient != nullptr) continue;
    auto recipient = recipient_at(target);
    if (!recipient) return recipient.error();
    bind(target, recipient.value());
  }
  return {};
}

void Sender::bind(RouteTarget& target, Recipient* recipient) noexcept {
  target.recipient = recipient;
  target.link = recipient == nullptr ? nullptr : recipient->link.get();
}

Result<Recipient*> Sender::recipient_at(const RouteTarget& target) {
  if (Recipient* known = recipients_.find(target.peer_id); known != nullptr) return known;
  if (recipients_.size() - observers_.link_count() >= options_.max_links)
    return Status::LimitExceeded;
  auto created =
      OutboundLink::create(platform_, self_id_, target.peer_id, target.peer_pid, next_link_id_,
                           {options_.ring_bytes, options_.queue_bytes, queued_});
  if (!created) return created.error();
  ++next_link_id_;
  Recipient& added = recipients_.add(created.take());
  added.observers = target.observers;
  host_.link_opened(*added.link);
  introduce(added);
  return &added;
}

// Null for none.
Result<std::shared_ptr<const ObjectBundle>> Sender::copy_objects(const SendRequest& request) {
  if (request.objects.empty()) return std::shared_ptr<const ObjectBundle>();
  return ObjectBundle::copy(platform_, request.objects, objects_);
}

void Sender::put(Recipient& to, const Dispatch& dispatch) {
  const Obligation& owed = dispatch.obligation;
  to.link->put(dispatch.message, owed.empty() ? nullptr : &owed);
  if (!to.link->flushed()) backpressure_.note_queued();
  tend_after_put(to, owed);
}

void Sender::put_latest(Recipient& to, std::string_view key, const Dispatch& dispatch) {
  const Obligation& owed = dispatch.obligation;
  const auto replaced = to.link->put_latest(key, dispatch.message, owed.empty() ? nullptr : &owed);
  if (replaced) {
    ++counters_.superseded;
    fail_delivery(replaced->delivery, to.peer_id(), Status::Superseded);
  }
  tend_after_put(to, owed);
}

void Sender::tend_after_put(Recipient& to, const Obligation& owed) {
  if (!owed.empty()) settle_later(to);
  note_unrung(to);
  tend(*to.link);
}

// Messages that waited for the end of the turn have been put.
void Sender::tend_after_turn(Recipient& to) {
  if (!to.link->flushed()) backpressure_.note_queued();
  settle_later(to);
  tend(*to.link);
}

void Sender::tend(const OutboundLink& link) {
  if (link.wants_writable() || link.wants_retry() || link.progress_due()) host_.needs_attention();
}

// Closing and unmapping what was sent can wait, and costs a message no wake-up of its own.
void Sender::settle_later(Recipient& to) {
  if (to.settle_at || to.link->quiet_armed() || !to.link->has_quiet()) return;
  to.settle_at = platform_.now() + kSettleInterval;
  host_.needs_attention();
}

void Sender::ring_in_turn(Recipient& to) noexcept {
  const std::uint64_t max_bytes = kRingAfterBytes << to.rings_this_turn;
  if (to.link->unrung_messages() < kRingAfterMessages << to.rings_this_turn &&
      to.link->unrung_bytes() < max_bytes)
    return;
  if (to.link->ring_if_seems_asleep() && max_bytes < options_.ring_bytes / 4) ++to.rings_this_turn;
}

void Sender::flush_bells() noexcept {
  backpressure_.notify_dropped();
  if (unrung_.empty()) return;
  const std::uint32_t cpu = platform_.current_cpu();
  for (Recipient* to : unrung_) {
    to->in_dirty_list = false;
    to->rings_this_turn = 0;
    if (to->link->end_turn(cpu)) tend_after_turn(*to);
  }
  unrung_.clear();
}

}  // namespace busbar
