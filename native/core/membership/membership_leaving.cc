// Leaving the bus: as its controller, as a member, and before having become either.
#include <algorithm>
#include <utility>

#include "core/membership/membership_impl.h"

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
  send_parcel_or_leave();
  leave_due_ = gone_at_;
}

// One after the other, because the controller takes one at a time. What cannot be sent, and all
// behind it, stays without an answer.
void Membership::Impl::send_parcel_or_leave() {
  answer_due_ = platform_.now() + patience();
  if (!parcels_.empty()) {
    auto handle = parcels_.front().memory->share();
    std::vector<Handle> handles;
    if (handle) handles.push_back(handle.take());
    parcel_sent_ = !handles.empty() &&
                   channel_->send(ParkFrame{parcels_.front().bytes}, std::move(handles)).ok();
    if (parcel_sent_) return;
  }
  (void)channel_->send(LeaveFrame{});
}

bool Membership::Impl::pass_parcel_on() {
  if (parcels_.empty()) return false;
  const auto handle = parcels_.front().memory->share();
  parcel_sent_ = handle && controller_->pass_on_parked(handle.value(), parcels_.front().bytes).ok();
  return parcel_sent_;
}

bool Membership::Impl::on_kept(std::uint64_t messages) {
  if (!leaving_ || !std::exchange(parcel_sent_, false)) return false;
  kept_ += messages;
  parcels_.erase(parcels_.begin());
  if (!controller_) {
    send_parcel_or_leave();
  } else if (!pass_parcel_on()) {
    leave_due_ = platform_.now();
  }
  return true;
}

// Who leaves as well has no time for it: unanswered, it goes to the next controller.
void Membership::Impl::on_parked(const HandOverSource& from, Handle memory, std::uint64_t bytes) {
  if (!leaving_) events_.on_parked_received(from, std::move(memory), bytes);
}

void Membership::Impl::on_parked_by_controller(const ParkFrame& park, Handle memory) {
  if (std::exchange(controller_awaits_kept_, true)) return lose_controller();
  if (leaving_) return answer_parked(0, 0);
  events_.on_parked_received({{0, channel_->peer().pid, {}}, true}, std::move(memory), park.bytes);
}

bool Membership::Impl::awaits_kept(std::uint64_t id) const noexcept {
  if (id == 0) return controller_awaits_kept_;
  return controller_ && !leaving_ && controller_->awaits_kept(id);
}

void Membership::Impl::answer_parked(std::uint64_t id, std::uint64_t kept) {
  turn([&] {
    if (id != 0) {
      if (controller_) controller_->answer_parked(id, kept);
    } else if (std::exchange(controller_awaits_kept_, false)) {
      (void)channel_->send(KeptFrame{kept});
    }
  });
}

void Membership::Impl::hurry_leaving() {
  leave_due_ = parcels_.empty() ? std::min(gone_at_, platform_.now() + kSeekTime) : gone_at_;
}

void Membership::Impl::leave_if_due() {
  if (!leave_due_ || *leave_due_ > platform_.now() || phase_ == Phase::Ended) return;
  if (controller_) {
    // Once: a successor that is gone again is as good as none.
    if (!std::exchange(passes_parcels_on_, true) && pass_parcel_on()) {
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
