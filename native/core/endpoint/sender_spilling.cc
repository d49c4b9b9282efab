// Payloads that are too large for a ring: they lie in a spill, which all receivers of the message
// share.
#include <algorithm>
#include <cstring>

#include "core/endpoint/sender.h"

namespace busbar {

std::shared_ptr<const Spill> Sender::spill_for(const SendRequest& request) {
  const std::size_t bytes = request.payload.size();
  Route* route = routes_.find(request.route);
  if (route == nullptr || directory_ == nullptr || bytes > options_.max_message_bytes)
    return nullptr;
  route = send_parked_before(*route, request.route);
  if (route == nullptr) return nullptr;
  look_again_if_stale(*route);
  const Need need{.bytes = max_record_bytes(0, request.extras()), .spill_bytes = bytes};
  // Nothing is copied for a message that will be refused, or that waits for a receiver.
  const auto has_room_at = [&](const RouteTarget& target) {
    return target.link == nullptr || Backpressure::has_room(*target.link, request, need);
  };
  const bool any = route->unicast || request.when_full != WhenFull::Refuse;
  const bool accepted =
      any ? std::any_of(route->targets.begin(), route->targets.end(), has_room_at)
          : std::all_of(route->targets.begin(), route->targets.end(), has_room_at);
  if (!accepted || route->targets.empty() || backpressure_.crowded(request, need)) return nullptr;
  auto spill = pool_.acquire(bytes);
  return spill ? spill.take() : nullptr;
}

Error Sender::spill_if_large(Dispatch& dispatch) {
  const std::span<const std::byte> payload = dispatch.message.payload;
  const Extensions& extensions = dispatch.message.extensions;
  if (!is_large(payload.size(), {extensions.region_count(), extensions.metadata.size()})) return {};
  std::shared_ptr<const Spill>& spill = dispatch.obligation.spill;
  if (spill == nullptr) {
    auto acquired = pool_.acquire(payload.size());
    if (!acquired) return acquired.error();
    spill = acquired.take();
    std::memcpy(spill->memory().data(), payload.data(), payload.size());
  }
  dispatch.message.extensions.spill = SpillReference{spill->id(), 0, payload.size()};
  dispatch.message.payload = {};
  dispatch.obligation.spill_bytes = payload.size();
  return {};
}

}  // namespace busbar
