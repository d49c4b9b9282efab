// Leaving the bus: as its controller, as a member, and before having become either. Also the other
// end: messages that another leaving endpoint hands over to this one.
#include <utility>

#include "core/membership/membership_impl.h"

namespace busbar {

void Membership::Impl::leave(std::vector<Parcel> parcels) {
  turn([&] {
    // Refused before: no member sees this endpoint.
    if (phase_ == Phase::Ended && !leaving_.requested()) events_.on_left(0);
    leaving_.request(std::move(parcels));
  });
}

void Membership::Impl::begin_leaving() {
  leaving_.begin();
  inherited_door_.close();
  leave_lost_office();
  const TimePoint now = platform_.now();
  if (controller_) {
    leaving_.end_at(controller_->knows_bus_at());
    if (leaving_.ends_at() <= now) return end_leaving();
    return deadlines_.set(Deadline::Leave, leaving_.ends_at());
  }
  // For a newcomer, closing its connection is enough.
  if (id_ == 0) return finish_leaving();
  leaving_.end_at(leaving_.end_as_member(now));
  hurry_leaving();
  if (phase_ == Phase::Member) send_leave();
}

void Membership::Impl::send_leave() {
  send_parcel_or_leave();
  deadlines_.set(Deadline::Leave, leaving_.ends_at());
}

void Membership::Impl::send_parcel_or_leave() {
  await_answer(patience());
  leaving_.send_parcel_or_leave(*channel_);
}

bool Membership::Impl::on_kept(std::uint64_t messages) {
  if (!leaving_.on_kept(messages)) return false;
  if (!controller_) {
    send_parcel_or_leave();
  } else if (!leaving_.pass_parcel_on(*controller_)) {
    deadlines_.set(Deadline::Leave, platform_.now());
  }
  return true;
}

// An endpoint that leaves as well has no time for it: unanswered, it goes to the next controller.
void Membership::Impl::on_parked(const HandOverSource& from, Handle memory, std::uint64_t bytes) {
  if (!leaving_.begun()) events_.on_parked_received(from, std::move(memory), bytes);
}

void Membership::Impl::on_parked_by_controller(const ParkFrame& park, Handle memory) {
  if (std::exchange(controller_awaits_kept_, true)) return lose_controller();
  if (leaving_.begun()) return answer_parked(0, 0);
  events_.on_parked_received({{0, channel_->peer().pid, {}}, true}, std::move(memory), park.bytes);
}

bool Membership::Impl::awaits_kept(std::uint64_t id) const noexcept {
  if (id == 0) return controller_awaits_kept_;
  return controller_ && !leaving_.begun() && controller_->awaits_kept(id);
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
  deadlines_.set(Deadline::Leave, leaving_.end_without_controller(platform_.now()));
}

void Membership::Impl::end_leaving() {
  if (controller_) {
    if (leaving_.begin_passing_on() && leaving_.pass_parcel_on(*controller_)) {
      return deadlines_.set(Deadline::Leave, leaving_.end_of_passing_on(platform_.now()));
    }
    controller_->retire(seeker_->holder());
  }
  finish_leaving();
}

void Membership::Impl::finish_leaving() {
  disconnect();
  controller_.reset();
  phase_ = Phase::Ended;
  deadlines_.clear(Deadline::Leave);
  events_.on_left(leaving_.kept());
}

}  // namespace busbar
