// Leaving the bus: as its controller, as a member, and before having become either.
#include "core/membership_impl.h"

namespace busbar {
namespace {

// For the controller's answer, or for finding the next controller; then we are gone anyway.
constexpr std::chrono::milliseconds kLeaveTime{200};

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
  if (controller_) {
    controller_->retire();
    return finish_leaving();
  }
  // A newcomer's connection says enough by closing.
  if (id_ == 0) return finish_leaving();
  leave_due_ = platform_.now() + kLeaveTime;
  if (phase_ == Phase::Member) (void)channel_->send(LeaveFrame{});
}

void Membership::Impl::finish_leaving() {
  channel_.reset();
  controller_.reset();
  phase_ = Phase::Ended;
  leave_due_.reset();
  events_.on_left();
}

}  // namespace busbar
