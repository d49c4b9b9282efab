// What the receiver of a link has taken and handled, and what it says about single messages.
#include <algorithm>
#include <utility>

#include "core/link/outbound_link.h"

namespace busbar {
namespace {

// What the other side wrote for a reason.
Status reason_of(std::uint64_t status) noexcept {
  if (status == static_cast<std::uint64_t>(Status::Ok)) return Status::Ok;
  return is_listed_failure(status) ? static_cast<Status>(status) : Status::NotHandled;
}

}  // namespace

void OutboundLink::settle(const OnSettled& settled) {
  const std::uint64_t handled =
      unhandled_.empty() && tracked_published_ == 0 ? 0 : producer_.handled();
  // After the positions: what is said about a message was said before they passed it.
  read_outcomes(settled);
  while (tracked_published_ > 0 && tracked_.front().position <= producer_.head()) {
    Tracked tracked = std::move(tracked_.front());
    tracked_.pop_front();
    --tracked_published_;
    loud_published_ -= tracked.quiet ? 0 : 1;
    settle_taken(std::move(tracked), settled);
  }
  while (!unhandled_.empty() &&
         (unhandled_.front().settled || unhandled_.front().position <= handled)) {
    settle_one(unhandled_.front(), Status::Ok, settled);
    unhandled_.pop_front();
  }
}

void OutboundLink::settle_taken(Tracked tracked, const OnSettled& settled) {
  if (tracked.obligation.wants_handled && !tracked.settled) {
    // Keeps its spill: should the receiver die before it has handled it, another one gets it.
    unhandled_.push_back(std::move(tracked));
  } else {
    settle_one(tracked, Status::Ok, settled);
  }
}

void OutboundLink::settle_one(Tracked& tracked, Status status, const OnSettled& settled) {
  tracked.settled = true;
  tracked.copy = {};
  release(tracked.obligation);
  const std::uint64_t delivery = std::exchange(tracked.obligation.delivery, 0);
  if (delivery != 0) settled(delivery, status);
}

void OutboundLink::read_outcomes(const OnSettled& settled) {
  RingProducer::Outcome outcome;
  for (std::size_t i = 0; i < kOutcomeSlots && producer_.next_outcome(outcome); ++i) {
    Tracked* tracked = find_published(outcome.position);
    if (tracked != nullptr && !tracked->settled)
      settle_one(*tracked, reason_of(outcome.status), settled);
  }
}

OutboundLink::Tracked* OutboundLink::find_published(std::uint64_t position) noexcept {
  const auto find = [position](auto begin, auto end) -> Tracked* {
    const auto found = std::lower_bound(
        begin, end, position,
        [](const Tracked& each, std::uint64_t wanted) { return each.position < wanted; });
    return found != end && found->position == position ? &*found : nullptr;
  };
  Tracked* unhandled = find(unhandled_.begin(), unhandled_.end());
  if (unhandled != nullptr) return unhandled;
  return find(tracked_.begin(), tracked_.begin() + static_cast<std::ptrdiff_t>(tracked_published_));
}

}  // namespace busbar
