// Leaving the bus: as its controller, as a member, and before having become either.
#include <algorithm>

#include "core/membership_impl.h"

namespace busbar {
namespace {

// For all of it; then we are gone anyway.
constexpr std::chrono::milliseconds kLeaveTime{1000};
// For finding a controller where there is none: perhaps everybody is leaving.
constexpr std::chrono::milliseconds kSeekTime{200};

}  // namespace

void Membership::Impl::leave() {
  turn([&] {
    // Refused before: nobody can see us already.
    if (phase_ == Phase::Ended && !leave_wanted_) events_.on_left();
    leave_wanted_ = true;
  });
}

void Membership::Impl::begin_leaving() {
  leaving_ = true;
  leave_lost_office();
  if (controller_) {
    leave_due_ = gone_at_ = controller_->knows_bus_at();
    return leave_if_due();
  }
  // A newcomer's connection says enough by closing.
  if (id_ == 0) return finish_leaving();
  gone_at_ = platform_.now() + kLeaveTime;
  leave_due_ = platform_.now() + kSeekTime;
  if (phase_ == Phase::Member) send_leave();
}

void Membership::Impl::send_leave() {
  (void)channel_->send(LeaveFrame{});
  answer_due_ = platform_.now() + patience();
  leave_due_ = gone_at_;
}

void Membership::Impl::hurry_leaving() {
  leave_due_ = std::min(gone_at_, platform_.now() + kSeekTime);
}

void Membership::Impl::leave_if_due() {
  if (!leave_due_ || *leave_due_ > platform_.now() || phase_ == Phase::Ended) return;
  if (controller_) controller_->retire(seeker_->holder());
  finish_leaving();
}

void Membership::Impl::finish_leaving() {
  disconnect();
  controller_.reset();
  phase_ = Phase::Ended;
  leave_due_.reset();
  events_.on_left();
}

}  // namespace busbar
