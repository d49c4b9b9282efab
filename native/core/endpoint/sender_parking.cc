// Messages with a time to live that nobody can take yet: parked, tried when somebody joins, and
// held back, in order, while this process lacks what it takes to send them.
#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "core/endpoint/sender.h"

namespace busbar {
namespace {

// For what may be many messages, and may wait for long: until some other link is gone.
constexpr std::chrono::milliseconds kHeldBackInterval{50};
constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();
// At one go for messages that others have left: little enough that nobody who waits for the lock
// notices.
constexpr std::chrono::milliseconds kKeptTime{4};
constexpr std::size_t kKeptNewLinks = 16;

}  // namespace

SendOutcome Sender::send_without_receiver(const SendRequest& request, const Route& route) {
  SendOutcome outcome;
  if (request.ttl_ms == 0) {
    if (route.unicast) outcome.error = {Status::NoRecipient};
    return outcome;
  }
  const bool objects_fit = request.objects.empty() || objects_.has_room(request.objects.size());
  if (!objects_fit || !parked_.has_room(request.payload.size())) {
    ++counters_.queue_full;
    outcome.error = {Status::QueueFull};
    return outcome;
  }
  ParkedMessage message{next_message_id_++,
                        route.program,
                        route.unicast,
                        route.exclude_self,
                        expiry_of(request),
                        request.type,
                        request.format,
                        request.reply_to,
                        0,
                        false,
                        {},
                        {},
                        {},
                        {},
                        {}};
  message.payload.assign(request.payload.begin(), request.payload.end());
  if (!request.objects.empty()) {
    auto bundle = ObjectBundle::copy(platform_, request.objects, objects_);
    outcome.error = bundle.error();
    if (!bundle) return outcome;
    message.objects = bundle.take();
  }
  if (!request.regions.empty()) {
    message.memory = std::make_shared<RegionBundle>(
        std::vector<RegionRange>(request.regions.begin(), request.regions.end()));
    message.claim = std::make_shared<RegionClaim>(message.memory);
  }
  if (request.acknowledge != Acknowledge::None) {
    outcome.delivery = deliveries_.open();
    message.delivery = outcome.delivery;
    message.wants_handled = request.acknowledge == Acknowledge::Handled;
  }
  parked_.park(std::move(message));
  host_.needs_attention();
  return outcome;
}

bool Sender::park_again(const ParsedRecord& record, const Obligation& obligation) {
  const Route* route = routes_.find(record.header.route);
  const std::uint64_t expires_at = record.extensions.expires_at_ms.value_or(0);
  if (route == nullptr || expires_at <= now_ms()) return false;
  const std::span<const std::byte> payload = payload_of(record, obligation);
  if (!parked_.has_room(payload.size())) return false;
  ParkedMessage message{record.header.id,
                        route->program,
                        true,
                        route->exclude_self,
                        expires_at,
                        record.header.type,
                        record.header.format,
                        record.extensions.reply_to.value_or(0),
                        0,
                        false,
                        {},
                        {},
                        obligation.objects,
                        obligation.memory,
                        obligation.claim};
  message.delivery = obligation.delivery;
  message.wants_handled = obligation.wants_handled;
  message.origin.assign(record.extensions.origin.begin(), record.extensions.origin.end());
  message.payload.assign(payload.begin(), payload.end());
  if (message.delivery != 0) deliveries_.withdraw(message.delivery);
  parked_.park(std::move(message));
  retry_parked_later();
  return true;
}

// Whoever has just come gets what waited for it first.
Route* Sender::send_parked_before(Route& route, std::uint32_t route_id) {
  if (parked_.empty() || routes_.current(route, *directory_)) return &route;
  (void)directory_->refresh();
  try_parked();
  return routes_.find(route_id);
}

void Sender::try_parked() {
  held_back_.clear();
  retry_parked_at_.reset();
  if (parked_.empty() || directory_ == nullptr) return;
  (void)parked_.remove_if([this](const ParkedMessage& message) {
    return has_receiver(message) && send_waiting(message, held_back_, kAnyNumber).ok();
  });
  if (!held_back_.empty()) {
    routes_.invalidate();
    retry_parked_later();
  }
  tell_if_uncrowded();
  flush_bells();
}

void Sender::retry_parked_later() {
  retry_parked_at_ = platform_.now() + kHeldBackInterval;
  host_.needs_attention();
}

bool Sender::has_receiver(const ParkedMessage& message) const {
  return std::any_of(
      directory_->members().begin(), directory_->members().end(), [&](const Member& member) {
        return !gone_.contains(member.id) && !(message.exclude_self && member.id == self_id_) &&
               message.program.matches(member.id, member.label);
      });
}

Error Sender::send_waiting(const ParkedMessage& message, HeldBack& held_back,
                           std::size_t most_new_links) {
  // Not in the table before something is sent that names it: messages that are tried again and
  // again would drive out the routes that records on their way name.
  Route route{message.program, message.unicast, message.exclude_self, {}, 0, 0, 0};
  look_again_if_stale(route);
  if (route.targets.empty()) return {Status::NoRecipient};
  const std::size_t first = message.unicast ? choose(route) : 0;
  const std::size_t count = message.unicast ? 1 : route.targets.size();
  const std::span<RouteTarget> targets = std::span(route.targets).subspan(first, count);
  Error error =
      held_back.contains_any(targets) ? held_back.why() : open_some_links(targets, most_new_links);
  if (error.status == Status::WouldBlock) return error;
  if (error.ok()) error = dispatch_waiting(message, targets);
  // What was sent later must not overtake it.
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

Error Sender::open_some_links(std::span<RouteTarget> targets, std::size_t most) {
  for (RouteTarget& target : targets) {
    if (target.recipient != nullptr) continue;
    if (most-- == 0) return {Status::WouldBlock};
    if (const Error error = open_links({&target, 1}); !error.ok()) return error;
  }
  return {};
}

Error Sender::dispatch_waiting(const ParkedMessage& message, std::span<RouteTarget> targets) {
  Dispatch dispatch;
  dispatch.message.type = message.type;
  dispatch.message.format = message.format;
  dispatch.message.payload = message.payload;
  dispatch.message.flags = message.unicast ? record_flag::kUnicast : 0;
  if (message.wants_handled) dispatch.message.flags |= record_flag::kWantsHandled;
  if (message.delivery != 0) dispatch.message.flags |= record_flag::kWantsTaken;
  dispatch.message.extensions.expires_at_ms = message.expires_at_ms;
  if (message.reply_to != 0) dispatch.message.extensions.reply_to = message.reply_to;
  dispatch.message.extensions.origin = message.origin;
  dispatch.obligation.delivery = message.delivery;
  dispatch.obligation.wants_handled = message.wants_handled;
  if (message.objects != nullptr) {
    dispatch.obligation.objects = message.objects;
    dispatch.message.object_count = static_cast<std::uint8_t>(message.objects->handles.size());
  }
  if (message.memory != nullptr) {
    dispatch.obligation.memory = message.memory;
    dispatch.obligation.claim = message.claim;
    dispatch.message.extensions.regions = message.memory->bytes();
  }
  // After every other want: slots are kept only for a message that goes.
  if (const Error error = spill_if_large(dispatch); !error.ok()) return error;
  dispatch.message.route = route_of_waiting(message);
  if (dispatch.message.route == 0) return {Status::LimitExceeded};
  if (message.memory != nullptr) {
    if (const Error error = open_flights(message.memory->ranges, targets); !error.ok())
      return error;
  }
  // Numbers are this process's own, and count up: what others left gets one now.
  dispatch.message.id = message.id != 0 ? message.id : next_message_id_++;
  if (message.delivery != 0)
    deliveries_.expect(message.delivery, static_cast<std::uint32_t>(targets.size()));
  for (const RouteTarget& target : targets) put(*target.recipient, dispatch);
  counters_.sent_messages += targets.size();
  return {};
}

void Sender::try_kept_later() {
  kept_.want_round();
  host_.needs_attention();
}

// A part of what there is to be done, since others decide how much that is.
void Sender::try_kept() {
  if (retry_kept_at_ && *retry_kept_at_ <= platform_.now()) {
    retry_kept_at_.reset();
    kept_.want_round();
  }
  if (directory_ == nullptr || !kept_.has_work()) return;
  // Who comes while a round is under way has missed the beginning of it: the next one is for them.
  if (kept_.begin_round()) {
    (void)directory_->refresh();
    kept_held_back_.begin_round(directory_->members());
  }
  const TimePoint late = platform_.now() + kKeptTime;
  kept_.go_on([this](const ParkedMessage& message) { return try_one_kept(message); },
              [this, late] { return platform_.now() >= late; });
  flush_bells();
}

KeptMessages::Tried Sender::try_one_kept(const ParkedMessage& message) {
  if (!has_receiver(message)) return KeptMessages::Tried::Waits;
  const Error error = send_waiting(message, kept_held_back_, kKeptNewLinks);
  if (error.ok()) return KeptMessages::Tried::Sent;
  if (error.status == Status::WouldBlock) return KeptMessages::Tried::Again;
  if (error.status != Status::NoRecipient) retry_kept_at_ = platform_.now() + kHeldBackInterval;
  return KeptMessages::Tried::Waits;
}

}  // namespace busbar
