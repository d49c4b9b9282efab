// Messages on their way, made of what they were before.
#include "core/endpoint/dispatch.h"

#include <utility>
#include <vector>

namespace busbar {
namespace {

std::optional<std::uint64_t> unless_zero(std::uint64_t number) noexcept {
  return number == 0 ? std::nullopt : std::optional(number);
}

std::span<const std::byte> mentions_of(const std::shared_ptr<const RegionBundle>& bundle) noexcept {
  return bundle == nullptr ? std::span<const std::byte>() : bundle->bytes();
}

std::uint8_t count_of(const std::shared_ptr<const ObjectBundle>& bundle) noexcept {
  return bundle == nullptr ? std::uint8_t{0} : static_cast<std::uint8_t>(bundle->handles.size());
}

}  // namespace

std::shared_ptr<const RegionBundle> bundle_of(std::span<const RegionRange> regions) {
  if (regions.empty()) return nullptr;
  return std::make_shared<RegionBundle>(std::vector<RegionRange>(regions.begin(), regions.end()));
}

std::shared_ptr<const RegionClaim> claim_on(const std::shared_ptr<const RegionBundle>& bundle) {
  return bundle == nullptr ? nullptr : std::make_shared<RegionClaim>(bundle);
}

// Every request comes by here: fields that most messages lack are set only if they are there.
Dispatch Dispatch::from_request(const SendRequest& request, std::uint16_t route_flags,
                                std::uint64_t expires_at_ms,
                                std::shared_ptr<const ObjectBundle> objects) {
  Dispatch dispatch;
  OutgoingMessage& message = dispatch.message;
  message.type = request.type;
  message.format = request.format;
  message.flags = route_flags;
  message.route = request.route;
  message.payload = request.payload;
  if (request.acknowledge == Acknowledge::Handled) {
    message.flags |= record_flag::kWantsHandled;
    dispatch.obligation.wants_handled = true;
  }
  // The next message of a key waits until this one is taken.
  if (request.acknowledge == Acknowledge::Taken || !request.key.empty())
    message.flags |= record_flag::kWantsTaken;
  if (request.reply_to != 0) message.extensions.reply_to = request.reply_to;
  if (expires_at_ms != 0) message.extensions.expires_at_ms = expires_at_ms;
  message.extensions.metadata = request.metadata;
  dispatch.obligation.spill = request.spilled;
  if (objects != nullptr) {
    message.object_count = count_of(objects);
    dispatch.obligation.objects = std::move(objects);
  }
  if (!request.regions.empty()) {
    auto memory = bundle_of(request.regions);
    message.extensions.regions = memory->bytes();
    dispatch.obligation.claim = claim_on(memory);
    dispatch.obligation.memory = std::move(memory);
  }
  return dispatch;
}

Dispatch Dispatch::from_simple(const SimpleMessage& message) {
  Dispatch dispatch{.message = {message, 0, {}}, .obligation = {}};
  dispatch.message.extensions.reply_to = unless_zero(message.reply_to);
  dispatch.message.extensions.metadata = message.metadata;
  return dispatch;
}

Dispatch Dispatch::from_parked(const ParkedMessage& parked) {
  std::uint16_t flags = parked.unicast ? record_flag::kUnicast : std::uint16_t{0};
  if (parked.wants_handled) flags |= record_flag::kWantsHandled;
  if (parked.delivery != 0) flags |= record_flag::kWantsTaken;
  if (!parked.observable) flags |= record_flag::kUnobservable;
  Dispatch dispatch{.message = {PlainMessage{.type = parked.type,
                                             .format = parked.format,
                                             .flags = flags,
                                             .id = parked.id,
                                             .payload = parked.payload},
                                count_of(parked.objects),
                                Extensions{.reply_to = unless_zero(parked.reply_to),
                                           .expires_at_ms = parked.expires_at_ms,
                                           .spill = {},
                                           .origin = parked.origin,
                                           .regions = mentions_of(parked.memory),
                                           .metadata = parked.metadata}},
                    .obligation = {.objects = parked.objects,
                                   .memory = parked.memory,
                                   .claim = parked.claim,
                                   .delivery = parked.delivery,
                                   .wants_handled = parked.wants_handled}};
  return dispatch;
}

Dispatch Dispatch::from_record(const ParsedRecord& record, const Obligation& owed) {
  return {.message = {PlainMessage{.type = record.header.type,
                                   .format = record.header.format,
                                   .flags = record.header.flags,
                                   .route = record.header.route,
                                   .id = record.header.id,
                                   .payload = record.payload},
                      record.header.object_count, record.extensions},
          .obligation = owed};
}

}  // namespace busbar
