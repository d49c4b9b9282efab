// The way of a message from send() into the rings of its receivers.
#include "core/endpoint/sender.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace busbar {
Sender::Sender(Platform& platform, SenderHost& host, const JoinOptions& options)
    : platform_(platform),
      host_(host),
      options_(options),
      queued_(options.total_queue_bytes),
      objects_(options.max_queued_objects),
      pool_(platform, queued_),
      parked_(options.max_parked, options.queue_bytes, queued_),
      kept_(options.max_parked, options.queue_bytes) {}

void Sender::set_directory(DirectoryReader* directory, std::uint64_t self_id) {
  directory_ = directory;
  self_id_ = self_id;
  routes_.invalidate();
}

std::uint64_t Sender::now_ms() const noexcept {
  const auto since = platform_.now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

std::uint64_t Sender::expiry_of(const SendRequest& request) const noexcept {
  return now_ms() + std::min(request.ttl_ms, kMaxTtlMs);
}

void Sender::look_again_if_stale(Route& route) {
  if (routes_.current(route, *directory_)) return;
  routes_.refresh(route, *directory_, self_id_, gone_);
  for (RouteTarget& target : route.targets) target.recipient = recipients_.find(target.peer_id);
  // Until nothing is held back, each message looks whether something is to go before it.
  if (!held_back_.empty()) route.seen_view = 0;
}

std::vector<std::uint64_t> Sender::matches(std::uint32_t route_id) {
  std::vector<std::uint64_t> ids;
  Route* route = routes_.find(route_id);
  if (route == nullptr || directory_ == nullptr) return ids;
  look_again_if_stale(*route);
  ids.reserve(route->targets.size());
  for (const RouteTarget& target : route->targets) ids.push_back(target.peer_id);
  return ids;
}

SendOutcome Sender::send(const SendRequest& request) {
  SendOutcome outcome;
  Route* route = routes_.find(request.route);
  if (route == nullptr || directory_ == nullptr) {
    outcome.error = {route == nullptr ? Status::InvalidSelector : Status::Closed};
    return outcome;
  }
  if (request.payload.size() > options_.max_message_bytes) {
    outcome.error = {Status::TooLarge};
    return outcome;
  }
  route = send_parked_before(*route, request.route);
  if (route == nullptr) return {{Status::InvalidSelector}};
  look_again_if_stale(*route);
  if (route->targets.empty()) {
    // Assigned, not returned: with one object to return, the compiler builds it in its place.
    outcome = send_without_receiver(request, *route);
    return outcome;
  }

  const std::size_t first = route->unicast ? choose(*route) : 0;
  std::span<RouteTarget> targets =
      std::span(route->targets).subspan(first, route->unicast ? 1 : route->targets.size());
  outcome.error = held_back_.contains_any(targets) ? held_back_.why() : open_links(targets);
  if (!outcome.error.ok()) return outcome;

  const bool spills = is_large(request.payload.size(), request.regions.size());
  const Need need{.bytes = most_bytes(spills ? 0 : request.payload.size(), request.regions.size()),
                  .spill_bytes = spills ? request.payload.size() : 0};
  if (Recipient* full = make_room(request, need, targets); full != nullptr) {
    ++counters_.queue_full;
    drain_owed_ = true;
    full->refused = true;
    outcome.error = {Status::QueueFull};
    outcome.peer_id = full->peer_id();
    return outcome;
  }
  if (request.when_full != WhenFull::Refuse) targets = chosen_;
  if (targets.empty()) {
    // The one chosen was given up; another may match.
    return route->unicast && request.when_full == WhenFull::Disconnect ? send(request) : outcome;
  }
  if (!request.conditional() && !spills) {
    send_plain(request, *route, targets);
  } else {
    outcome.error = send_with_obligations(request, *route, targets, outcome.delivery);
    if (!outcome.error.ok()) return outcome;
  }
  outcome.receivers = static_cast<std::uint32_t>(targets.size());
  counters_.sent_messages += targets.size();
  counters_.sent_bytes += request.payload.size() * targets.size();
  return outcome;
}

bool Sender::has_room(OutboundLink& link, const SendRequest& request, Need need) {
  return request.key.empty() ? link.has_room(need.bytes, need.spill_bytes, request.objects.size())
                             : link.has_room_for(request.key, need.bytes);
}

// All or nobody, unless the policy says otherwise: a message that one receiver has no room for is
// refused before another one gets it.
Recipient* Sender::make_room(const SendRequest& request, Need need,
                             std::span<const RouteTarget> targets) {
  chosen_.clear();
  std::vector<Recipient*> laggards;
  const bool too_much = crowded(request, need);
  for (const RouteTarget& target : targets) {
    if (!too_much && has_room(*target.recipient->link, request, need)) {
      if (request.when_full != WhenFull::Refuse) chosen_.push_back(target);
    } else if (request.when_full == WhenFull::Refuse ||
               (request.when_full == WhenFull::Disconnect &&
                (too_much || !queued_.has_room(need.bytes)))) {
      // Or several receivers together are too slow, and none of them is to blame for all.
      was_crowded_ = was_crowded_ || too_much || !queued_.has_room(need.bytes);
      return target.recipient;
    } else if (request.when_full == WhenFull::Drop) {
      note_dropped(*target.recipient);
    } else {
      laggards.push_back(target.recipient);
    }
  }
  for (Recipient* laggard : laggards) disconnect(*laggard);
  return nullptr;
}

// What goes beside the record has no ring to go to at once.
bool Sender::crowded(const SendRequest& request, Need need) const noexcept {
  return (need.spill_bytes != 0 && request.spilled == nullptr &&
          !queued_.has_room(need.spill_bytes)) ||
         (!request.objects.empty() && !objects_.has_room(request.objects.size()));
}

void Sender::note_dropped(Recipient& to) {
  ++counters_.dropped;
  if (to.dropped++ == 0) dropping_.push_back(&to);
}

// The common case: nothing is owed to anybody but the bytes themselves.
void Sender::send_plain(const SendRequest& request, const Route& route,
                        std::span<const RouteTarget> targets) {
  const PlainMessage message{.type = request.type,
                             .format = request.format,
                             .flags = route.flags(),
                             .route = request.route,
                             .id = next_message_id_++,
                             .payload = request.payload};
  for (const RouteTarget& target : targets) {
    if (target.recipient->link->put_now(message)) {
      note_unrung(*target.recipient);
    } else {
      put(*target.recipient, {.message = {message, 0, {}}, .obligation = {}});
    }
  }
}

Error Sender::send_with_obligations(const SendRequest& request, const Route& route,
                                    std::span<const RouteTarget> targets,
                                    std::uint64_t& out_delivery) {
  Dispatch dispatch;
  dispatch.message.type = request.type;
  dispatch.message.format = request.format;
  dispatch.message.route = request.route;
  dispatch.message.payload = request.payload;
  dispatch.message.flags = route.flags();
  if (request.acknowledge == Acknowledge::Handled)
    dispatch.message.flags |= record_flag::kWantsHandled;
  if (request.acknowledge == Acknowledge::Taken || !request.key.empty())
    dispatch.message.flags |= record_flag::kWantsTaken;
  if (request.reply_to != 0) dispatch.message.extensions.reply_to = request.reply_to;
  if (request.ttl_ms != 0) dispatch.message.extensions.expires_at_ms = expiry_of(request);
  if (const Error error = attach_objects(request, dispatch); !error.ok()) return error;
  attach_regions(request, dispatch);
  dispatch.obligation.spill = request.spilled;
  if (const Error error = spill_if_large(dispatch); !error.ok()) return error;
  if (const Error error = open_flights(request.regions, targets); !error.ok()) return error;
  if (request.acknowledge != Acknowledge::None) {
    out_delivery = deliveries_.open();
    deliveries_.expect(out_delivery, static_cast<std::uint32_t>(targets.size()));
    dispatch.obligation.delivery = out_delivery;
    dispatch.obligation.wants_handled = request.acknowledge == Acknowledge::Handled;
  }
  dispatch.message.id = next_message_id_++;
  for (const RouteTarget& target : targets) {
    if (request.key.empty()) {
      put(*target.recipient, dispatch);
    } else {
      put_latest(*target.recipient, request.key, dispatch);
    }
  }
  return {};
}

// The unicast target with the least unread bytes; ties go round.
std::size_t Sender::choose(Route& route) {
  const std::size_t count = route.targets.size();
  if (count == 1) return 0;
  std::size_t best = route.next % count;
  std::uint64_t least = kNoPosition;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t index = (route.next + i) % count;
    const Recipient* to = route.targets[index].recipient;
    const std::uint64_t unread = to == nullptr ? 0 : to->link->unread();
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
    target.recipient = recipient.value();
  }
  return {};
}

Result<Recipient*> Sender::recipient_at(const RouteTarget& target) {
  if (Recipient* known = recipients_.find(target.peer_id); known != nullptr) return known;
  if (recipients_.size() >= options_.max_links) return Status::LimitExceeded;
  auto created =
      OutboundLink::create(platform_, self_id_, target.peer_id, target.peer_pid, next_link_id_,
                           {options_.ring_bytes, options_.queue_bytes, queued_});
  if (!created) return created.error();
  ++next_link_id_;
  Recipient& added = recipients_.add(created.take());
  host_.link_opened(*added.link);
  introduce(added);
  return &added;
}

Error Sender::attach_objects(const SendRequest& request, Dispatch& dispatch) {
  if (request.objects.empty()) return {};
  auto bundle = ObjectBundle::copy(platform_, request.objects, objects_);
  if (!bundle) return bundle.error();
  dispatch.obligation.objects = bundle.take();
  dispatch.message.object_count = static_cast<std::uint8_t>(request.objects.size());
  return {};
}

void Sender::attach_regions(const SendRequest& request, Dispatch& dispatch) {
  if (request.regions.empty()) return;
  dispatch.obligation.memory = std::make_shared<RegionBundle>(
      std::vector<RegionRange>(request.regions.begin(), request.regions.end()));
  dispatch.obligation.claim = std::make_shared<RegionClaim>(dispatch.obligation.memory);
  dispatch.message.extensions.regions = dispatch.obligation.memory->bytes();
}

void Sender::put(Recipient& to, const Dispatch& dispatch) {
  const Obligation& owed = dispatch.obligation;
  to.link->put(dispatch.message, owed.empty() ? nullptr : &owed);
  if (!to.link->flushed()) drain_owed_ = true;
  tend_after_put(to, owed);
}

void Sender::put_latest(Recipient& to, std::string_view key, const Dispatch& dispatch) {
  const Obligation& owed = dispatch.obligation;
  const auto replaced = to.link->put_latest(key, dispatch.message, owed.empty() ? nullptr : &owed);
  if (replaced) {
    ++counters_.superseded;
    if (replaced->delivery != 0)
      settle(deliveries_.failed(replaced->delivery, {to.peer_id(), Status::Superseded}));
  }
  tend_after_put(to, owed);
}

void Sender::tend_after_put(Recipient& to, const Obligation& owed) {
  if (!owed.empty()) settle_later(to);
  note_unrung(to);
  const OutboundLink& link = *to.link;
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
  for (Recipient* to : dropping_)
    host_.notify(DroppedNotice{to->peer_id(), std::exchange(to->dropped, 0)});
  dropping_.clear();
  if (unrung_.empty()) return;
  const std::uint32_t cpu = platform_.current_cpu();
  for (Recipient* to : unrung_) {
    to->in_dirty_list = false;
    to->rings_this_turn = 0;
    to->link->end_turn(cpu);
  }
  unrung_.clear();
}

}  // namespace busbar
