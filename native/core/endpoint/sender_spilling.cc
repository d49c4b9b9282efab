// Payloads that do not lie in a ring: in a spill, which all receivers of the message share.
#include <algorithm>
#include <cstring>
#include <utility>

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
  note_spilled();
  return {};
}

// A message with a key waits for its predecessor in this process and is often replaced there.
bool Sender::shares_spill(const SendRequest& request, std::span<const RouteTarget> targets) {
  const std::size_t bytes = request.payload.size();
  if (shared_from_ > SpillSlabs::kMaxPayload || bytes > SpillSlabs::kMaxPayload ||
      bytes < OutboundLink::kLeastShared || !request.key.empty()) {
    return false;
  }
  const auto would_queue = [bytes](const RouteTarget& to) { return to.link->would_queue(bytes); };
  const auto may_share = [bytes](const RouteTarget& to) { return to.link->may_share(bytes); };
  return (bytes >= shared_from_ || std::any_of(targets.begin(), targets.end(), would_queue)) &&
         std::all_of(targets.begin(), targets.end(), may_share) && pool_.slabs().prepare(bytes);
}

void Sender::share_spill(Dispatch& dispatch) {
  const std::span<const std::byte> payload = dispatch.message.payload;
  SpillPlace place = pool_.slabs().take(payload.size());
  std::memcpy(place.data(), payload.data(), payload.size());
  dispatch.message.extensions.spill =
      SpillReference{place.spill->id(), place.offset, payload.size()};
  dispatch.message.payload = {};
  dispatch.obligation.spill_offset = place.offset;
  dispatch.obligation.spill_bytes = payload.size();
  dispatch.obligation.spill = std::move(place.spill);
  note_spilled();
}

void Sender::note_spilled() {
  pool_used_ = true;
  note_pool();
}

// There is something to give back in a while.
void Sender::note_pool() {
  if (pool_rests_at_) return;
  pool_rests_at_ = platform_.now() + kSpillRest;
  host_.needs_attention();
}

// Gives back what a burst took.
void Sender::rest_pool(TimePoint now) {
  if (!pool_rests_at_ || *pool_rests_at_ > now) return;
  pool_rests_at_.reset();
  if (std::exchange(pool_used_, false)) {
    pool_rests_at_ = now + kSpillRest;
  } else {
    forget_spills(pool_.trim(SpillPool::kRestBytes));
  }
}

void Sender::forget_spills(const std::vector<std::uint64_t>& ids) {
  if (ids.empty()) return;
  for (auto& [peer, to] : recipients_) to.link->spills().forget(ids);
}

}  // namespace busbar
