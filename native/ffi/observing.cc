// Observers: joining as one, and what their messages say.
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/directory/observer_conditions.h"
#include "core/ring/observation.h"
#include "ffi/objects.h"

using busbar::ObservationHead;
using busbar::SelectorProgram;
using busbar::ffi::code;
using busbar::ffi::Lock;

namespace {

busbar::Result<busbar::ObserverConditions> conditions_of(const busbar_observe_options& given) {
  const std::byte everything[] = {static_cast<std::byte>(busbar::SelectorOp::True)};
  const auto program = given.match == nullptr ? std::span<const std::byte>(everything)
                                              : given.match->program.bytes();
  auto match = SelectorProgram::create(program);
  if (!match) return match.error();
  if (given.type_count > busbar::kMaxObservedTypes ||
      (given.type_count != 0 && given.types == nullptr))
    return busbar::Status::InvalidArgument;
  std::vector<busbar::Uuid> types(given.type_count);
  for (std::size_t i = 0; i < given.type_count; ++i)
    std::memcpy(types[i].bytes.data(), given.types[i].bytes, sizeof given.types[i].bytes);
  return busbar::ObserverConditions::create(match.take(), std::move(types), given.payload_bytes);
}

ObservationHead head_of(const busbar_message& message) noexcept {
  ObservationHead head;
  std::memcpy(static_cast<void*>(&head), message.observation.data(), sizeof head);
  return head;
}

}  // namespace

namespace busbar::ffi {

void read_observation(busbar_message& message) noexcept {
  message.observation = {static_cast<const std::byte*>(message.payload.data),
                         message.payload.bytes};
  const std::size_t copied = head_of(message).copied;
  message.payload = {message.observation.data() + message.observation.size() - copied, copied};
}

}  // namespace busbar::ffi

extern "C" {

busbar_status busbar_endpoint_observe(const char* identifier, const busbar_join_options* join,
                                      const busbar_observe_options* options,
                                      busbar_endpoint** out_endpoint) {
  busbar_observe_options given{};
  if (options != nullptr && !busbar::ffi::read_struct(options, given))
    return BUSBAR_INVALID_ARGUMENT;
  auto conditions = conditions_of(given);
  if (!conditions) return code(conditions.error());
  return busbar::ffi::join(identifier, join,
                           std::make_shared<const busbar::ObserverConditions>(conditions.take()),
                           out_endpoint);
}

busbar_status busbar_message_get_observation(const busbar_message* message,
                                             busbar_observation* out_observation) {
  if (message == nullptr || message->observation.empty()) return BUSBAR_INVALID_ARGUMENT;
  const ObservationHead head = head_of(*message);
  busbar_observation observation{};
  observation.kind = static_cast<std::int32_t>(head.event);
  observation.unicast = head.unicast;
  observation.time_ns = head.time_ns;
  observation.payload_bytes = head.payload_bytes;
  observation.lost = head.lost;
  observation.receiver_count = head.receivers;
  observation.receivers_named = head.named;
  // The slab's places are aligned to 8 bytes, and so is the size of the head.
  if (head.named != 0)
    observation.receivers =
        reinterpret_cast<const std::uint64_t*>(message->observation.data() + sizeof head);
  observation.object_count = head.objects;
  observation.region_count = head.regions;
  observation.peer_id = head.peer_id;
  observation.reason = static_cast<busbar_status>(head.reason);
  return busbar::ffi::write_struct(observation, out_observation);
}

busbar_status busbar_endpoint_list_observers(busbar_endpoint* endpoint,
                                             busbar_peer_list** out_list) {
  if (endpoint == nullptr || out_list == nullptr) return BUSBAR_INVALID_ARGUMENT;
  const Lock lock(*endpoint->entry);
  *out_list = busbar::ffi::list_of(endpoint->endpoint->observers()).release();
  return BUSBAR_OK;
}

}  // extern "C"
