// Copies of what this endpoint sends, for the observers of the bus.
#include "core/endpoint/sender.h"

namespace busbar {
namespace {

[[nodiscard]] std::uint8_t region_count(const Dispatch& dispatch) noexcept {
  return static_cast<std::uint8_t>(dispatch.message.extensions.region_count());
}

[[nodiscard]] Extensions extensions_of(const SendRequest& request) noexcept {
  Extensions copied;
  if (request.reply_to != 0) copied.reply_to = request.reply_to;
  copied.metadata = request.metadata;
  return copied;
}

// Without what leads to other memory.
[[nodiscard]] Extensions copied_extensions(const Dispatch& dispatch) noexcept {
  const Extensions& all = dispatch.message.extensions;
  Extensions copied;
  copied.reply_to = all.reply_to;
  copied.origin = all.origin;
  copied.metadata = all.metadata;
  return copied;
}

}  // namespace

Recipient* Sender::open_for_copies(std::uint64_t id, std::uint32_t pid) {
  auto created = OutboundLink::create(platform_, self_id_, id, pid, next_link_id_,
                                      {options_.ring_bytes, options_.queue_bytes, queued_});
  if (!created) return nullptr;
  ++next_link_id_;
  Recipient& added = recipients_.add(created.take());
  added.observer = true;
  host_.link_opened(*added.link);
  introduce(added);
  return &added;
}

void Sender::tend_after_copy(Recipient& observer) {
  note_unrung(observer);
  if (observer.link->progress_due()) host_.needs_attention();
}

// A receiver that is not observable is not named, but counted.
void Sender::name_receivers(std::span<const RouteTarget> targets, ObservedMessage& message) {
  observed_receivers_.clear();
  for (const RouteTarget& target : targets) {
    if (!target.observable) continue;
    if (observed_receivers_.size() == kMaxObservedReceivers) break;
    observed_receivers_.push_back(target.peer_id);
  }
  message.receivers = observed_receivers_;
  message.head.receivers = static_cast<std::uint32_t>(targets.size());
}

void Sender::observe_at_once(const SendRequest& request, const RouteTarget& target,
                             std::uint64_t time) {
  const ObserverMask mask = observers_.choose(target.observers, request.type);
  if (mask == 0) return;
  ObservedMessage message{.type = request.type,
                          .format = request.format,
                          .id = next_message_id_ - 1,
                          .head = {.time_ns = time,
                                   .payload_bytes = request.payload.size(),
                                   .receivers = 1,
                                   .event = ObservationEvent::Sent,
                                   .unicast = routes_.find(request.route)->unicast},
                          .receivers = {&target.peer_id, 1},
                          .payload = request.payload,
                          .extensions = extensions_of(request)};
  observers_.copy(mask, message);
}

void Sender::observe_sent(const SendRequest& request, const Route& route,
                          std::span<const RouteTarget> targets, std::uint64_t time) {
  ObserverMask mask = targets.empty() ? observers_.of_sender() : ObserverMask{0};
  for (const RouteTarget& target : targets)
    mask = static_cast<ObserverMask>(mask | target.observers);
  mask = observers_.choose(mask, request.type);
  if (mask == 0) return;
  ObservedMessage message{.type = request.type,
                          .format = request.format,
                          .id = targets.empty() ? 0 : next_message_id_ - 1,
                          .head = {.time_ns = time,
                                   .payload_bytes = request.payload.size(),
                                   .event = ObservationEvent::Sent,
                                   .unicast = route.unicast,
                                   .objects = static_cast<std::uint8_t>(request.objects.size()),
                                   .regions = static_cast<std::uint8_t>(request.regions.size())},
                          .receivers = {},
                          .payload = request.payload,
                          .extensions = extensions_of(request)};
  name_receivers(targets, message);
  observers_.copy(mask, message);
}

// Of a message that has an origin, the origin is the sender, and not this endpoint.
ObserverMask Sender::mask_of(const Dispatch& dispatch, std::span<const RouteTarget> targets) const {
  if ((dispatch.message.flags & record_flag::kUnobservable) != 0) return 0;
  ObserverMask mask = 0;
  const auto add = [&mask](ObserverMask more) { mask = static_cast<ObserverMask>(mask | more); };
  if (dispatch.message.extensions.origin.empty()) {
    if (targets.empty()) add(observers_.of_sender());
    for (const RouteTarget& target : targets) add(target.observers);
    return mask;
  }
  const auto origin = decode_origin(dispatch.message.extensions.origin);
  bool secret = !targets.empty();
  for (const RouteTarget& target : targets) {
    const Member* listed = directory_->find(target.peer_id);
    if (listed == nullptr || !listed->observable()) continue;
    secret = false;
    add(observers_.about(listed->id, listed->label));
  }
  if (!secret && origin) add(observers_.about(origin->id, origin->label));
  return mask;
}

void Sender::observe_dispatch(const Dispatch& dispatch, std::span<const std::byte> payload,
                              ObservationEvent event, std::span<const RouteTarget> targets,
                              std::uint64_t time) {
  const ObserverMask mask = observers_.choose(mask_of(dispatch, targets), dispatch.message.type);
  if (mask == 0) return;
  const OutgoingMessage& sent = dispatch.message;
  ObservedMessage message{.type = sent.type,
                          .format = sent.format,
                          .id = sent.id,
                          .head = {.time_ns = time,
                                   .payload_bytes = payload.size(),
                                   .event = event,
                                   .unicast = (sent.flags & record_flag::kUnicast) != 0,
                                   .objects = sent.object_count,
                                   .regions = region_count(dispatch)},
                          .receivers = {},
                          .payload = payload,
                          .extensions = copied_extensions(dispatch)};
  name_receivers(targets, message);
  observers_.copy(mask, message);
}

void Sender::observe_undelivered(ObserverMask mask, const UndeliveredNotice& notice,
                                 std::span<const std::byte> payload, const Dispatch& dispatch) {
  if ((dispatch.message.flags & record_flag::kUnobservable) != 0) return;
  mask = observers_.choose(mask, notice.type);
  if (mask == 0) return;
  ObservedMessage message{.type = notice.type,
                          .format = notice.format,
                          .id = dispatch.message.id,
                          .head = {.peer_id = notice.peer_id,
                                   .payload_bytes = payload.size(),
                                   .reason = static_cast<std::uint32_t>(notice.reason),
                                   .event = ObservationEvent::Undelivered,
                                   .unicast = (dispatch.message.flags & record_flag::kUnicast) != 0,
                                   .objects = dispatch.message.object_count,
                                   .regions = region_count(dispatch)},
                          .receivers = {},
                          .payload = payload,
                          .extensions = copied_extensions(dispatch)};
  observers_.copy(mask, message);
}

void Sender::observe_committed(const Recipient& to, const Reservation& reservation,
                               const Uuid& type, std::uint16_t format, std::uint64_t time) {
  const ObserverMask mask = observers_.choose(to.observers, type);
  if (mask == 0) return;
  const std::uint64_t receiver = to.peer_id();
  ObservedMessage message{.type = type,
                          .format = format,
                          .id = next_message_id_ - 1,
                          .head = {.time_ns = time,
                                   .payload_bytes = reservation.place.size(),
                                   .receivers = 1,
                                   .event = ObservationEvent::Sent,
                                   .unicast = 1},
                          .receivers = {&receiver, 1},
                          .payload = reservation.place,
                          .extensions = {.reply_to = {},
                                         .expires_at_ms = {},
                                         .spill = {},
                                         .origin = {},
                                         .regions = {},
                                         .metadata = reservation.metadata}};
  observers_.copy(mask, message);
}

}  // namespace busbar
