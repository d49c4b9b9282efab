// Messages with a time to live that no endpoint can take yet: parked, and sent when they are tried.
#include <algorithm>
#include <utility>

#include "core/endpoint/sender.h"

namespace busbar {

SendOutcome Sender::send_without_receiver(const SendRequest& request, const Route& route) {
  SendOutcome outcome;
  if (request.ttl_ms == 0) {
    if (route.unicast) outcome.error = {Status::NoRecipient};
    if (!route.unicast && observers_.any()) observe_sent(request, route, {}, 0);
    return outcome;
  }
  const bool objects_fit = request.objects.empty() || objects_.has_room(request.objects.size());
  if (!objects_fit || !parked().has_room(request.payload.size())) {
    backpressure_.note_refused();
    outcome.error = {Status::QueueFull};
    return outcome;
  }
  auto objects = copy_objects(request);
  outcome.error = objects.error();
  if (!objects) return outcome;
  auto memory = bundle_of(request.regions);
  if (request.acknowledge != Acknowledge::None) outcome.delivery = deliveries_.open();
  outcome.message_id = next_message_id_++;
  waiting_.park({.id = outcome.message_id,
                 .program = route.program,
                 .unicast = route.unicast,
                 .exclude_self = route.exclude_self,
                 .expires_at_ms = expiry_of(request),
                 .type = request.type,
                 .format = request.format,
                 .reply_to = request.reply_to,
                 .delivery = outcome.delivery,
                 .wants_handled = request.acknowledge == Acknowledge::Handled,
                 .observable = observers_.observable(),
                 .metadata = {request.metadata.begin(), request.metadata.end()},
                 .payload = {request.payload.begin(), request.payload.end()},
                 .objects = objects.take(),
                 .memory = memory,
                 .claim = claim_on(memory)});
  return outcome;
}

bool Sender::park_again(const ParsedRecord& record, const Obligation& obligation) {
  const Route* route = routes_.find(record.header.route);
  const std::uint64_t expires_at = record.extensions.expires_at_ms.value_or(0);
  if (route == nullptr || expires_at <= now_ms()) return false;
  const std::span<const std::byte> payload = payload_of(record, obligation);
  if (!parked().has_room(payload.size())) return false;
  const std::span<const std::byte> origin = record.extensions.origin;
  const std::span<const std::byte> metadata = record.extensions.metadata;
  if (obligation.delivery != 0) deliveries_.withdraw(obligation.delivery);
  waiting_.park_again({.id = record.header.id,
                       .program = route->program,
                       .unicast = true,
                       .exclude_self = route->exclude_self,
                       .expires_at_ms = expires_at,
                       .type = record.header.type,
                       .format = record.header.format,
                       .reply_to = record.extensions.reply_to.value_or(0),
                       .delivery = obligation.delivery,
                       .wants_handled = obligation.wants_handled,
                       .observable = (record.header.flags & record_flag::kUnobservable) == 0,
                       .origin = {origin.begin(), origin.end()},
                       .metadata = {metadata.begin(), metadata.end()},
                       .payload = {payload.begin(), payload.end()},
                       .objects = obligation.objects,
                       .memory = obligation.memory,
                       .claim = obligation.claim});
  return true;
}

// An endpoint that has just joined gets the messages that waited for it first.
Route* Sender::send_parked_before(Route& route, std::uint32_t route_id) {
  if (parked().empty() || routes_.current(route, *directory_)) return &route;
  (void)directory_->refresh();
  try_parked();
  return routes_.find(route_id);
}

void Sender::try_parked() {
  if (!waiting_.try_parked()) return;
  if (!waiting_.held_back().empty()) routes_.invalidate();
  backpressure_.notify_if_uncrowded();
  flush_bells();
}

bool Sender::has_receiver(const ParkedMessage& message) const {
  return directory_ != nullptr &&
         std::any_of(directory_->members().begin(), directory_->members().end(),
                     [&](const Member& member) {
                       return !gone_.contains(member.id) &&
                              !(message.exclude_self && member.id == self_id_) &&
                              message.program.matches(member.id, member.label);
                     });
}

Error Sender::send_waiting(const ParkedMessage& message, HeldBack& held_back,
                           std::size_t max_new_links) {
  // Not in the table before something is sent that names it: messages that are tried again and
  // again would drive out the routes that records on their way name.
  Route route{.program = message.program,
              .unicast = message.unicast,
              .exclude_self = message.exclude_self,
              .targets = {}};
  look_again_if_stale(route);
  if (route.targets.empty()) return {Status::NoRecipient};
  const std::size_t first = message.unicast ? choose(route) : 0;
  const std::size_t count = message.unicast ? 1 : route.targets.size();
  const std::span<RouteTarget> targets = std::span(route.targets).subspan(first, count);
  Error error =
      held_back.contains_any(targets) ? held_back.why() : open_some_links(targets, max_new_links);
  if (error.status == Status::WouldBlock) return error;
  if (error.ok()) error = dispatch_waiting(message, targets);
  // Messages sent later must not overtake it.
  if (!error.ok()) held_back.add(targets, error);
  return error;
}

// A route of its own for each selector; many messages in a row often have the same.
std::uint32_t Sender::route_of_waiting(const ParkedMessage& message) {
  const Route* last = routes_.find(waiting_route_);
  if (last != nullptr && last->program == message.program && last->unicast == message.unicast &&
      last->exclude_self == message.exclude_self) {
    return waiting_route_;
  }
  if (last != nullptr) routes_.release(waiting_route_);
  waiting_route_ = routes_.add(message.program, message.unicast, message.exclude_self);
  return waiting_route_;
}

Error Sender::open_some_links(std::span<RouteTarget> targets, std::size_t max_new) {
  for (RouteTarget& target : targets) {
    if (target.recipient != nullptr) continue;
    if (max_new-- == 0) return {Status::WouldBlock};
    if (const Error error = open_links({&target, 1}); !error.ok()) return error;
  }
  return {};
}

Error Sender::dispatch_waiting(const ParkedMessage& message, std::span<const RouteTarget> targets) {
  Dispatch dispatch = Dispatch::from_parked(message);
  // Routes and slots last, as they are kept only for a message that goes.
  if (const Error error = spill_if_large(dispatch); !error.ok()) return error;
  dispatch.message.route = route_of_waiting(message);
  if (dispatch.message.route == 0) return {Status::LimitExceeded};
  if (message.memory != nullptr) {
    if (const Error error = open_flights(message.memory->ranges, targets); !error.ok())
      return error;
  }
  // Another process, which has left the message, gave it none.
  if (dispatch.message.id == 0) dispatch.message.id = next_message_id_++;
  if (message.delivery != 0)
    deliveries_.expect(message.delivery, static_cast<std::uint32_t>(targets.size()));
  const std::uint64_t time = time_for_copies();
  for (const RouteTarget& target : targets) put(*target.recipient, dispatch);
  if (observers_.any())
    observe_dispatch(dispatch, message.payload, ObservationEvent::Sent, targets, time);
  counters_.sent_messages += targets.size();
  return {};
}

void Sender::expire(std::vector<ParkedMessage> messages) {
  for (ParkedMessage& message : messages) {
    ++counters_.expired;
    const UndeliveredNotice notice{.peer_id = 0,
                                   .reason = Status::NoRecipient,
                                   .type = message.type,
                                   .format = message.format,
                                   .message_id = message.origin.empty() ? message.id : 0,
                                   .payload = std::move(message.payload),
                                   .metadata = std::move(message.metadata)};
    if (observers_.any()) {
      Dispatch dispatch = Dispatch::from_parked(message);
      dispatch.message.extensions.metadata = notice.metadata;
      observe_undelivered(mask_of(dispatch, {}), notice, notice.payload, dispatch);
    }
    if (message.delivery != 0) deliveries_.expect(message.delivery, 1);
    report(notice, message.delivery);
  }
  if (observers_.any()) flush_bells();
}

}  // namespace busbar
