// Sending: at once, with an acknowledgement, and in place.
#include <algorithm>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "ffi/objects.h"
#include "platform/platform.h"

using busbar::Acknowledge;
using busbar::SendOutcome;
using busbar::SendRequest;
using busbar::ffi::code;
using busbar::ffi::Lock;

namespace {

// Handles for the duration of the call; the objects stay the program's.
busbar::Result<busbar::Handle> handle_on(busbar_object object, std::int32_t kind) {
  switch (kind) {
    case BUSBAR_OBJECT_DESCRIPTOR:
      // The handle is borrowed and must not be closed here.
      return busbar::Handle(object, [](std::intptr_t) noexcept {});
    case BUSBAR_OBJECT_SOCKET:
    case BUSBAR_OBJECT_MACH_PORT:
      return busbar::native_platform().duplicate_named(
          {static_cast<busbar::ObjectKind>(kind), object});
    default:
      return busbar::Status::InvalidArgument;
  }
}

// The memory that a request refers to.
struct Attachments {
  std::vector<busbar::Handle> objects;
  std::vector<const busbar::Handle*> handles;
  std::vector<busbar::RegionRange> regions;
};

bool within(const busbar_region_range& range) noexcept {
  if (range.region == nullptr || range.bytes == 0) return false;
  const std::uint64_t size = range.region->reference.region()->size();
  return range.offset <= size && range.bytes <= size - range.offset;
}

busbar_status attach(const busbar_outgoing& message, Attachments& attachments,
                     SendRequest& request) {
  if ((message.object_count != 0 && message.objects == nullptr) ||
      (message.region_count != 0 && message.regions == nullptr)) {
    return BUSBAR_INVALID_ARGUMENT;
  }
  if (message.object_count > busbar::kMaxObjects || message.region_count > busbar::kMaxMentions)
    return BUSBAR_LIMIT_EXCEEDED;
  attachments.objects.reserve(message.object_count);
  for (std::size_t i = 0; i < message.object_count; ++i) {
    auto handle =
        handle_on(message.objects[i], message.object_kinds == nullptr ? BUSBAR_OBJECT_DESCRIPTOR
                                                                      : message.object_kinds[i]);
    if (!handle) return code(handle.error());
    attachments.objects.push_back(handle.take());
    attachments.handles.push_back(&attachments.objects.back());
  }
  for (std::size_t i = 0; i < message.region_count; ++i) {
    const busbar_region_range& range = message.regions[i];
    if (!within(range)) return BUSBAR_INVALID_ARGUMENT;
    attachments.regions.push_back({range.region->reference.region(), range.offset, range.bytes});
  }
  request.objects = attachments.handles;
  request.regions = attachments.regions;
  return BUSBAR_OK;
}

busbar_status read_message(const busbar_endpoint& self, const busbar_outgoing& message,
                           SendRequest& request) {
  if ((message.payload_bytes != 0 && message.payload == nullptr) ||
      (message.metadata_bytes != 0 && message.metadata == nullptr) ||
      message.metadata_bytes > busbar::kMaxMetadataBytes) {
    return BUSBAR_INVALID_ARGUMENT;
  }
  const std::int32_t when_full = message.when_full == -1 ? self.when_full : message.when_full;
  if (when_full < BUSBAR_WHEN_FULL_REFUSE || when_full > BUSBAR_WHEN_FULL_DISCONNECT)
    return BUSBAR_INVALID_ARGUMENT;
  std::memcpy(request.type.bytes.data(), message.type.bytes, sizeof message.type.bytes);
  request.format = message.format;
  request.payload = {static_cast<const std::byte*>(message.payload), message.payload_bytes};
  request.metadata = {static_cast<const std::byte*>(message.metadata), message.metadata_bytes};
  request.ttl_ms = message.ttl_ms;
  request.reply_to = message.reply_to;
  request.when_full = static_cast<busbar::WhenFull>(when_full);
  if (message.key != nullptr) {
    request.key = message.key;
    if (request.key.empty() || request.key.size() > busbar::kMaxKeyBytes)
      return BUSBAR_INVALID_ARGUMENT;
  }
  return BUSBAR_OK;
}

busbar_receipt receipt_of(const SendOutcome& outcome) noexcept {
  busbar_receipt receipt{};
  receipt.id = outcome.message_id;
  receipt.peer_id = outcome.peer_id;
  receipt.receivers = outcome.receivers;
  return receipt;
}

busbar_status commit(busbar_endpoint& self, const busbar_uuid& type, std::uint16_t format,
                     SendOutcome& out) {
  const Lock lock(*self.entry);
  if (!self.reservation) return BUSBAR_INVALID_ARGUMENT;
  busbar::Uuid uuid;
  std::memcpy(uuid.bytes.data(), type.bytes, sizeof type.bytes);
  const busbar::Reservation reservation = std::move(*self.reservation);
  self.reservation.reset();
  out = self.endpoint->commit(reservation, uuid, format);
  self.endpoint->flush_bells();
  return code(out.error);
}

}  // namespace

namespace busbar::ffi {

busbar_status send_locked(busbar_endpoint& self, std::uint32_t route, const busbar_outgoing* given,
                          Acknowledge acknowledge, SendOutcome& out) {
  busbar_outgoing message{};
  if (!busbar::ffi::read_struct(given, message)) return BUSBAR_INVALID_ARGUMENT;
  SendRequest request;
  request.route = route;
  request.acknowledge = acknowledge;
  if (const busbar_status read = read_message(self, message, request); read != BUSBAR_OK)
    return read;
  if (message.object_count != 0 || message.region_count != 0) {
    Attachments attachments;
    if (const busbar_status read = attach(message, attachments, request); read != BUSBAR_OK)
      return read;
    out = self.endpoint->send(request);
  } else {
    out = self.endpoint->send(request);
  }
  if (message.corked == 0) self.endpoint->flush_bells();
  return code(out.error);
}

}  // namespace busbar::ffi

extern "C" {

busbar_status busbar_endpoint_send(busbar_endpoint* endpoint, const busbar_selector* selector,
                                   const busbar_outgoing* message, uint32_t* out_receivers) {
  if (endpoint == nullptr || selector == nullptr) return BUSBAR_INVALID_ARGUMENT;
  const Lock lock(*endpoint->entry);
  SendOutcome outcome;
  const busbar_status sent =
      busbar::ffi::send_locked(*endpoint, selector->route, message, Acknowledge::None, outcome);
  if (sent == BUSBAR_OK && out_receivers != nullptr) *out_receivers = outcome.receivers;
  return sent;
}

busbar_status busbar_endpoint_send_with_receipt(busbar_endpoint* endpoint,
                                                const busbar_selector* selector,
                                                const busbar_outgoing* message,
                                                busbar_receipt* out_receipt) {
  if (endpoint == nullptr || selector == nullptr || !busbar::ffi::is_struct(out_receipt))
    return BUSBAR_INVALID_ARGUMENT;
  const Lock lock(*endpoint->entry);
  SendOutcome outcome;
  const busbar_status sent =
      busbar::ffi::send_locked(*endpoint, selector->route, message, Acknowledge::None, outcome);
  return sent == BUSBAR_OK ? busbar::ffi::write_struct(receipt_of(outcome), out_receipt) : sent;
}

void busbar_endpoint_flush(busbar_endpoint* endpoint) {
  const Lock lock(*endpoint->entry);
  endpoint->endpoint->flush_bells();
}

busbar_status busbar_endpoint_deliver(busbar_endpoint* endpoint, const busbar_selector* selector,
                                      const busbar_outgoing* message, int32_t acknowledgement,
                                      int32_t timeout_ms, uint32_t* out_receivers) {
  if (endpoint == nullptr || selector == nullptr ||
      (acknowledgement != BUSBAR_TAKEN && acknowledgement != BUSBAR_HANDLED)) {
    return BUSBAR_INVALID_ARGUMENT;
  }
  const auto deadline = busbar::ffi::deadline_after(timeout_ms);
  Lock lock(*endpoint->entry);
  SendOutcome outcome;
  const busbar_status sent = busbar::ffi::send_locked(
      *endpoint, selector->route, message,
      acknowledgement == BUSBAR_TAKEN ? Acknowledge::Taken : Acknowledge::Handled, outcome);
  if (sent != BUSBAR_OK) return sent;
  if (outcome.delivery == 0) {
    if (out_receivers != nullptr) *out_receivers = outcome.receivers;
    return BUSBAR_OK;
  }
  auto& waiting = endpoint->deliveries[outcome.delivery];
  const bool told = busbar::ffi::wait_until(*endpoint, lock, deadline, false,
                                            [&] { return waiting.has_value(); });
  const std::optional<busbar::DeliveryResult> result = std::move(waiting);
  endpoint->deliveries.erase(outcome.delivery);
  if (!told) {
    endpoint->endpoint->forget_delivery(outcome.delivery);
    return BUSBAR_TIMEOUT;
  }
  if (out_receivers != nullptr) *out_receivers = result->delivered;
  return result->failures.empty() ? BUSBAR_OK : BUSBAR_UNDELIVERED;
}

busbar_status busbar_endpoint_drain(busbar_endpoint* endpoint, int32_t timeout_ms) {
  if (endpoint == nullptr) return BUSBAR_INVALID_ARGUMENT;
  Lock lock(*endpoint->entry);
  endpoint->drained = false;
  endpoint->endpoint->ask_drained();
  return busbar::ffi::wait_until(*endpoint, lock, busbar::ffi::deadline_after(timeout_ms), false,
                                 [&] { return endpoint->drained; })
             ? BUSBAR_OK
             : BUSBAR_TIMEOUT;
}

busbar_status busbar_endpoint_reserve(busbar_endpoint* endpoint, const busbar_selector* selector,
                                      size_t bytes, void** out_place) {
  return busbar_endpoint_reserve_with_metadata(endpoint, selector, bytes, nullptr, 0, out_place);
}

busbar_status busbar_endpoint_reserve_with_metadata(busbar_endpoint* endpoint,
                                                    const busbar_selector* selector, size_t bytes,
                                                    const void* metadata, size_t metadata_bytes,
                                                    void** out_place) {
  if (endpoint == nullptr || selector == nullptr || out_place == nullptr || !selector->unicast ||
      (metadata_bytes != 0 && metadata == nullptr) || metadata_bytes > busbar::kMaxMetadataBytes) {
    return BUSBAR_INVALID_ARGUMENT;
  }
  const Lock lock(*endpoint->entry);
  if (endpoint->reservation) return BUSBAR_INVALID_ARGUMENT;
  busbar::Reservation reservation;
  const SendOutcome outcome =
      endpoint->endpoint->reserve(selector->route, bytes, reservation,
                                  {static_cast<const std::byte*>(metadata), metadata_bytes});
  if (!outcome.error.ok()) return code(outcome.error);
  endpoint->reservation = std::move(reservation);
  *out_place = endpoint->reservation->place.data();
  return BUSBAR_OK;
}

busbar_status busbar_endpoint_commit(busbar_endpoint* endpoint, busbar_uuid type, uint16_t format) {
  if (endpoint == nullptr) return BUSBAR_INVALID_ARGUMENT;
  SendOutcome outcome;
  return commit(*endpoint, type, format, outcome);
}

busbar_status busbar_endpoint_commit_with_receipt(busbar_endpoint* endpoint, busbar_uuid type,
                                                  uint16_t format, busbar_receipt* out_receipt) {
  if (endpoint == nullptr || !busbar::ffi::is_struct(out_receipt)) return BUSBAR_INVALID_ARGUMENT;
  SendOutcome outcome;
  const busbar_status sent = commit(*endpoint, type, format, outcome);
  return sent == BUSBAR_OK ? busbar::ffi::write_struct(receipt_of(outcome), out_receipt) : sent;
}

void busbar_endpoint_cancel(busbar_endpoint* endpoint) {
  const Lock lock(*endpoint->entry);
  if (!endpoint->reservation) return;
  const busbar::Reservation reservation = std::move(*endpoint->reservation);
  endpoint->reservation.reset();
  endpoint->endpoint->cancel(reservation);
}

busbar_status busbar_message_reply(busbar_message* message, const busbar_outgoing* answer) {
  if (message == nullptr) return BUSBAR_INVALID_ARGUMENT;
  busbar_outgoing reply{};
  if (!busbar::ffi::read_struct(answer, reply)) return BUSBAR_INVALID_ARGUMENT;
  reply.size = sizeof reply;
  reply.reply_to = message->received.header.id;
  busbar_expression* expression = nullptr;
  busbar_selector* selector = nullptr;
  busbar_status status = busbar_expression_peer(message->from_id, &expression);
  if (status != BUSBAR_OK) return status;
  status = busbar_selector_create(message->endpoint, expression, BUSBAR_UNICAST, &selector);
  busbar_expression_free(expression);
  if (status != BUSBAR_OK) return status;
  status = busbar_endpoint_send(message->endpoint, selector, &reply, nullptr);
  busbar_selector_free(selector);
  return status;
}

}  // extern "C"
