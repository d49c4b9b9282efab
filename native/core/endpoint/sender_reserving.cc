// Places for payloads that are written where the receiver will read them.
#include "core/endpoint/sender.h"

namespace busbar {

SendOutcome Sender::reserve(std::uint32_t route_id, std::size_t bytes, Reservation& out,
                            std::span<const std::byte> metadata) {
  SendOutcome outcome;
  Route* route = routes_.find(route_id);
  if (route == nullptr) return {{Status::InvalidSelector}};
  if (!route->unicast) return {{Status::InvalidArgument}};
  if (directory_ == nullptr) return {{without_directory_}};
  if (bytes > options_.max_message_bytes) {
    outcome.error = {Status::TooLarge};
    return outcome;
  }
  route = send_parked_before(*route, route_id);
  if (route == nullptr) return {{Status::InvalidSelector}};
  look_again_if_stale(*route);
  if (route->targets.empty()) {
    outcome.error = {Status::NoRecipient};
    return outcome;
  }
  const auto target = std::span(route->targets).subspan(choose(*route), 1);
  const HeldBack& held_back = waiting_.held_back();
  outcome.error = held_back.contains_any(target) ? held_back.why() : open_links(target);
  if (!outcome.error.ok()) return outcome;
  out.route = route_id;
  out.metadata.assign(metadata.begin(), metadata.end());
  if (is_large(bytes, {.metadata = metadata.size()})) {
    auto spill = pool_.acquire(bytes);
    outcome.error = spill.error();
    if (!spill) return outcome;
    out.spill = spill.take();
    out.place = {out.spill->memory().data(), bytes};
    return outcome;
  }
  OutboundLink& link = *target.front().link;
  if (std::byte* place = link.reserve_payload(bytes, metadata.size()); place != nullptr) {
    out.link_id = link.link_id();
    out.ring = link.ring_memory();
    out.place = {place, bytes};
    return outcome;
  }
  out.own.resize(bytes);
  out.place = out.own;
  return outcome;
}

SendOutcome Sender::commit(const Reservation& reservation, const Uuid& type, std::uint16_t format) {
  Recipient* to = recipients_.find_link(reservation.link_id);
  const Route* route = routes_.find(reservation.route);
  if (to == nullptr || route == nullptr) {
    // No ring was used, or its receiver or the selector is gone: an endpoint that matches now gets
    // it.
    cancel(reservation);
    SendRequest request;
    request.route = reservation.route;
    request.type = type;
    request.format = format;
    request.payload = reservation.place;
    request.metadata = reservation.metadata;
    request.spilled = reservation.spill;
    return send(request);
  }
  OutboundLink& link = *to->link;
  const std::uint64_t time = to->observers == 0 ? 0 : observers_.time_before(to->observers);
  SendOutcome outcome{
      .error = {}, .receivers = 1, .peer_id = to->peer_id(), .message_id = next_message_id_++};
  link.commit_reserved({{.type = type,
                         .format = format,
                         .flags = route->flags(),
                         .route = reservation.route,
                         .id = outcome.message_id,
                         .payload = reservation.place},
                        0,
                        reservation.metadata},
                       reservation.place.data());
  note_unrung(*to);
  if (link.progress_due()) host_.needs_attention();
  if (to->observers != 0) observe_committed(*to, reservation, type, format, time);
  ++counters_.sent_messages;
  counters_.sent_bytes += reservation.place.size();
  return outcome;
}

void Sender::cancel(const Reservation& reservation) {
  const Recipient* to = recipients_.find_link(reservation.link_id);
  if (to == nullptr) return;
  to->link->cancel_reserved();
  if (to->link->progress_due()) host_.needs_attention();
}

}  // namespace busbar
