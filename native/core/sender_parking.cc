// Messages with a time to live that nobody can take yet: parked, tried when somebody joins, and
// held back, in order, while this process lacks what it takes to send them.
#include <algorithm>
#include <chrono>
#include <utility>

#include "core/sender.h"

namespace busbar {
namespace {

// For what may be many messages, and may wait for long: until some other link is gone.
constexpr std::chrono::milliseconds kHeldBackInterval{50};

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
                        now_ms() + request.ttl_ms,
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
    return has_receiver(message) && send_parked(message);
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

bool Sender::is_held_back(std::span<const RouteTarget> targets) const {
  return !held_back_.empty() && std::any_of(targets.begin(), targets.end(), [this](const auto& to) {
    return held_back_.contains(to.peer_id);
  });
}

bool Sender::send_parked(const ParkedMessage& message) {
  const std::uint32_t route_id =
      routes_.add(message.program, message.unicast, message.exclude_self);
  Route* route = routes_.find(route_id);
  if (route == nullptr) return false;
  look_again_if_stale(*route);
  const std::size_t first = message.unicast && !route->targets.empty() ? choose(*route) : 0;
  const std::size_t count =
      message.unicast ? std::min<std::size_t>(1, route->targets.size()) : route->targets.size();
  const std::span<RouteTarget> targets = std::span(route->targets).subspan(first, count);
  const bool sent = !targets.empty() && dispatch_parked(message, route_id, targets);
  if (!sent) {
    // What was sent later must not overtake it.
    for (const RouteTarget& target : targets) held_back_.insert(target.peer_id);
  }
  routes_.release(route_id);
  return sent;
}

bool Sender::dispatch_parked(const ParkedMessage& message, std::uint32_t route_id,
                             std::span<RouteTarget> targets) {
  if (is_held_back(targets)) return false;
  Dispatch dispatch;
  dispatch.message.type = message.type;
  dispatch.message.format = message.format;
  dispatch.message.route = route_id;
  dispatch.message.payload = message.payload;
  dispatch.message.flags = message.unicast ? record_flag::kUnicast : 0;
  if (message.wants_handled) dispatch.message.flags |= record_flag::kWantsHandled;
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
  Error error = open_links(targets);
  if (error.ok()) error = spill_if_large(dispatch);
  if (!error.ok()) {
    held_back_why_ = error;
    return false;
  }
  dispatch.message.id = message.id;
  if (message.delivery != 0)
    deliveries_.expect(message.delivery, static_cast<std::uint32_t>(targets.size()));
  for (const RouteTarget& target : targets) put(*target.link, dispatch);
  counters_.sent_messages += targets.size();
  return true;
}

void Sender::adopt_parked(std::vector<ParkedMessage> messages) {
  for (ParkedMessage& message : messages) {
    message.id = next_message_id_++;
    if (parked_.has_room(message.payload.size())) {
      parked_.park(std::move(message));
    } else {
      report({0, Status::QueueFull, message.type, message.format, 0, std::move(message.payload)},
             0);
    }
  }
  // Not at once: first it is answered that they are kept, or who asks again after this process's
  // end would send again what was sent.
  retry_parked_at_ = platform_.now();
  host_.needs_attention();
}

}  // namespace busbar
