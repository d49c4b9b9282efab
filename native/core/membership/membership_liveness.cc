// Whether the controller still answers. A controller that is stopped, by a signal or in a debugger,
// keeps its name and its connections, but admits and introduces no endpoint. So an endpoint that
// needs it sends a ping and, if no pong comes in time, takes the name and rings the bell of the
// deposed holder, whose members then look at the name and connect to the new one. The deposed
// controller finds on waking that it does not hold the name any more, and joins as a member.
#include <algorithm>

#include "core/membership/membership_impl.h"

namespace busbar {
namespace {

// The least time between two pings for the bell, which a hostile process can ring all the time.
constexpr std::chrono::milliseconds kBellRest{50};

// What members that heard the bell need, beyond this endpoint's own patience, to find that their
// controller does not answer.
constexpr std::chrono::milliseconds kOthersMargin{50};
// How often members are asked before a ring taken back counts no more: a hostile process can take
// every ring back.
constexpr int kMaxAsked = 4;

// A controller that is ready to run but gets no processor is not deposed for this long: on a
// machine with too much to do, members that depose one another only add to it, and whoever takes
// the name does not know all members for a moment.
constexpr std::chrono::seconds kRespite{5};
// How often its process is looked at meanwhile.
constexpr std::chrono::milliseconds kRespiteLook{100};

}  // namespace

// An endpoint that may not take the name leaves time for others, which have to find out, too.
std::chrono::milliseconds Membership::Impl::patience() const noexcept {
  return may_claim() ? patience_ : patience_ / 2;
}

void Membership::Impl::await_answer(std::chrono::milliseconds limit) {
  late_since_.reset();
  deadlines_.set(Deadline::Answer, platform_.now() + limit);
}

void Membership::Impl::expect_answer() {
  // In office, this endpoint itself would have to answer.
  if (phase_ != Phase::Member || controller_) return;
  if (deadlines_.pending(Deadline::Answer)) {
    asked_again_ = true;
    return;
  }
  asked_again_ = false;
  await_answer(patience());
  // A ping that cannot be sent means that the controller has not read for long.
  (void)channel_->send(PingFrame{});
}

void Membership::Impl::on_pong() {
  deadlines_.clear(Deadline::Answer);
  if (asked_again_) expect_answer();
  if (!rung_) return;
  rung_ = false;
  deadlines_.set(Deadline::Listen, platform_.now() + kBellRest);
  if (auto bell = seeker_->open_bell(); bell && !holder_->is(*bell.value())) {
    // This bell was an earlier holder's, of which not all members have heard it yet.
    holder_->replace(bell.take());
    // The new bell is as old as the connected holder only if that one still has the name.
    if (name_has_moved()) follow_name();
    return;
  }
  holder_->quiet();
  if (!name_has_moved()) return;
  // The ring that was taken back had a reason: the holder was deposed.
  holder_->ring();
  follow_name();
}

void Membership::Impl::on_bell() {
  if (name_has_moved()) return follow_name();
  // The bell stays rung until a member has got an answer; until then this endpoint looks at the
  // name now and then.
  holder_->ignore();
  deadlines_.set(Deadline::Listen, platform_.now() + kBellRest);
  if (phase_ != Phase::Member) return;
  rung_ = true;
  if (controller_) return on_pong();
  expect_answer();
}

void Membership::Impl::listen_again() { holder_->listen(); }

void Membership::Impl::on_answer_overdue() {
  // After a long stop of this process the answer may lie there already; it clears the deadline.
  const TimePoint now = platform_.now();
  deadlines_.set(Deadline::Answer, now);
  receive_frames();
  if (deadlines_.due(Deadline::Answer, now)) suspect();
}

bool Membership::Impl::grant_respite() {
  const TimePoint now = platform_.now();
  if (!late_since_) late_since_ = now;
  if (now - *late_since_ >= kRespite || !platform_.is_runnable(channel_->peer().pid)) return false;
  deadlines_.set(Deadline::Answer, now + kRespiteLook);
  return true;
}

void Membership::Impl::suspect() {
  if (grant_respite()) return;
  const TimePoint now = platform_.now();
  if (!may_claim()) {
    // Members that may become controller find out for themselves that it does not answer.
    patience_ = std::min(patience_ * 2, kMaxPatience);
    holder_->ring();
    deadlines_.set(Deadline::Answer, now + patience());
    return;
  }
  if (phase_ != Phase::Member && asked_others_ < kMaxAsked) {
    // With a crowded listener, even a quick controller is slow to accept; it still answers its
    // members, which then take the ring back.
    const bool answered = asked_others_ > 0 && !holder_->is_rung();
    if (answered || asked_others_ == 0) {
      ++asked_others_;
      holder_->ring();
      deadlines_.set(Deadline::Answer,
                     now + (answered ? 2 * patience_ : patience_) + kOthersMargin);
      return;
    }
  }
  unanswering_ = holder_->number();
  follow_name();
}

void Membership::Impl::follow_name() {
  patience_ = std::min(patience_ * 2, kMaxPatience);
  start_over();
  seeker_->look_now();
}

void Membership::Impl::leave_lost_office() {
  if (!controller_ || controller_->holds_name()) return;
  controller_.reset();
  if (channel_) follow_name();
}

bool Membership::Impl::name_has_moved() const noexcept {
  return seeker_->holder() != holder_->number();
}

}  // namespace busbar
