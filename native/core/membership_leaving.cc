// Leaving the bus: as its controller, as a member, and before having become either.
#include <algorithm>

#include "core/membership_impl.h"

namespace busbar {
namespace {

// For all of it; then we are gone anyway.
constexpr std::chrono::milliseconds kLeaveTime{1000};
// The same when messages depend on an answer.
constexpr std::chrono::milliseconds kHandOverTime{3000};
// For finding a controller where there is none: perhaps everybody is leaving.
constexpr std::chrono::milliseconds kSeekTime{200};

}  // namespace

void Membership::Impl::leave(std::vector<Parcel> parcels) {
  turn([&] {
    // Refused before: nobody can see us already.
    if (phase_ == Phase::Ended && !leave_wanted_) events_.on_left(0);
    if (!leave_wanted_) parcels_ = std::move(parcels);
    leave_wanted_ = true;
  });
}

void Membership::Impl::begin_leaving() {
  leaving_ = true;
  inherited_door_.close();
  leave_lost_office();
  if (controller_) {
    leave_due_ = gone_at_ = controller_->knows_bus_at();
    return leave_if_due();
  }
  // A newcomer's connection says enough by closing.
  if (id_ == 0) return finish_leaving();
  gone_at_ = platform_.now() + (parcels_.empty() ? kLeaveTime : kHandOverTime);
  hurry_leaving();
  if (phase_ == Phase::Member) send_leave();
}

void Membership::Impl::send_leave() {
  // What cannot be sent, and all behind it, stays without an answer: they come in order.
  for (const Parcel& parcel : parcels_) {
    auto handle = parcel.memory->share();
    if (!handle) break;
    std::vector<Handle> handles;
    handles.push_back(handle.take());
    if (!channel_->send(ParkFrame{parcel.bytes}, std::move(handles)).ok()) break;
  }
  (void)channel_->send(LeaveFrame{});
  answer_due_ = platform_.now() + patience();
  leave_due_ = gone_at_;
}

// Once: a successor that is gone again is as good as none.
bool Membership::Impl::pass_parcels_on() {
  if (std::exchange(parcels_passed_on_, true)) return false;
  std::size_t passed_on = 0;
  for (const Parcel& parcel : parcels_) {
    const auto handle = parcel.memory->share();
    if (!handle || !controller_->pass_on_parked(handle.value(), parcel.bytes).ok()) break;
    ++passed_on;
  }
  return passed_on != 0;
}

bool Membership::Impl::on_kept(std::uint64_t messages) {
  if (!leaving_ || parcels_.empty()) return false;
  kept_ += messages;
  parcels_.erase(parcels_.begin());
  if (controller_ && parcels_.empty()) leave_due_ = platform_.now();
  return true;
}

void Membership::Impl::hurry_leaving() {
  leave_due_ = parcels_.empty() ? std::min(gone_at_, platform_.now() + kSeekTime) : gone_at_;
}

void Membership::Impl::leave_if_due() {
  if (!leave_due_ || *leave_due_ > platform_.now() || phase_ == Phase::Ended) return;
  if (controller_) {
    if (pass_parcels_on()) {
      leave_due_ = platform_.now() + kHandOverTime;
      return;
    }
    controller_->retire(seeker_->holder());
  }
  finish_leaving();
}

void Membership::Impl::finish_leaving() {
  disconnect();
  controller_.reset();
  phase_ = Phase::Ended;
  leave_due_.reset();
  events_.on_left(kept_);
}

}  // namespace busbar
