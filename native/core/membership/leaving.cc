// The order of the parcels, and the times.
#include "core/membership/leaving.h"

#include <algorithm>
#include <utility>

namespace busbar {
namespace {

// For all of it; then the endpoint is gone anyway.
constexpr std::chrono::milliseconds kLeaveTime{1000};
// As above, when messages depend on an answer.
constexpr std::chrono::milliseconds kHandOverTime{3000};
// For finding a controller where there is none: perhaps all members are leaving.
constexpr std::chrono::milliseconds kSeekTime{200};

}  // namespace

void Leaving::request(std::vector<Parcel> parcels) {
  if (!requested_) parcels_ = std::move(parcels);
  requested_ = true;
}

TimePoint Leaving::end_as_member(TimePoint now) const noexcept {
  return now + (parcels_.empty() ? kLeaveTime : kHandOverTime);
}

TimePoint Leaving::end_without_controller(TimePoint now) const noexcept {
  return parcels_.empty() ? std::min(ends_at_, now + kSeekTime) : ends_at_;
}

TimePoint Leaving::end_of_passing_on(TimePoint now) const noexcept { return now + kHandOverTime; }

// One parcel at a time, because the controller takes one at a time. A parcel that cannot be sent,
// and all behind it, stays without an answer.
void Leaving::send_parcel_or_leave(ControlChannel& channel) {
  if (!parcels_.empty()) {
    auto handle = parcels_.front().memory->share();
    std::vector<Handle> handles;
    if (handle) handles.push_back(handle.take());
    parcel_sent_ = !handles.empty() &&
                   channel.send(ParkFrame{parcels_.front().bytes}, std::move(handles)).ok();
    if (parcel_sent_) return;
  }
  (void)channel.send(LeaveFrame{});
}

bool Leaving::pass_parcel_on(Controller& controller) {
  if (parcels_.empty()) return false;
  const auto handle = parcels_.front().memory->share();
  parcel_sent_ = handle && controller.pass_on_parked(handle.value(), parcels_.front().bytes).ok();
  return parcel_sent_;
}

bool Leaving::begin_passing_on() noexcept { return !std::exchange(passing_on_, true); }

bool Leaving::on_kept(std::uint64_t messages) {
  if (!begun_ || !std::exchange(parcel_sent_, false)) return false;
  kept_ += messages;
  parcels_.erase(parcels_.begin());
  return true;
}

}  // namespace busbar
