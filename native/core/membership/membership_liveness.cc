// Whether the controller still answers. A controller that is stopped, by a signal or in a debugger,
// keeps its name and its connections; nobody would get in and nobody be introduced. So whoever
// needs it asks for a sign of life, and takes the name away from it when none comes: rings the bell
// of the deposed, at which its members look at the name and come over. The deposed one finds on
// waking that it holds the name no longer and is a member like everybody else.
#include <algorithm>

#include "core/membership/membership_impl.h"

namespace busbar {
namespace {

// Between two times that a bell, which anybody can ring, makes us ask.
constexpr std::chrono::milliseconds kBellRest{50};

// What members, asked by the bell, need beyond our own patience to find out that their controller
// does not answer.
constexpr std::chrono::milliseconds kOthersMargin{50};
// How often they are asked before their answers count no more: anybody can take a ring back.
constexpr int kMaxAsked = 4;

}  // namespace

// Who may not take the name itself has to leave time for those who then find out, too.
std::chrono::milliseconds Membership::Impl::patience() const noexcept {
  return may_claim() ? patience_ : patience_ / 2;
}

void Membership::Impl::expect_answer() {
  // In office it is we who would have to answer.
  if (phase_ != Phase::Member || controller_) return;
  if (deadlines_.pending(Deadline::Answer)) {
    asked_again_ = true;
    return;
  }
  asked_again_ = false;
  deadlines_.set(Deadline::Answer, platform_.now() + patience());
  // If even this cannot be sent, nobody has read for long.
  (void)channel_->send(PingFrame{});
}

void Membership::Impl::on_pong() {
  deadlines_.clear(Deadline::Answer);
  if (asked_again_) expect_answer();
  if (!rung_) return;
  rung_ = false;
  deadlines_.set(Deadline::Listen, platform_.now() + kBellRest);
  if (auto bell = seeker_->open_bell(); bell && !holder_->is(*bell.value())) {
    // Ours was that of a holder before, whose members have not all heard it yet.
    holder_->replace(bell.take());
    // Not newer than our holder only if that one has the name still.
    if (name_has_moved()) follow_name();
    return;
  }
  holder_->quiet();
  if (!name_has_moved()) return;
  // The ring that we took back was a true one.
  holder_->ring();
  follow_name();
}

void Membership::Impl::on_bell() {
  if (name_has_moved()) return follow_name();
  // It stays rung until somebody has had an answer; until then we look at the name now and then.
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

void Membership::Impl::suspect() {
  const TimePoint now = platform_.now();
  if (!may_claim()) {
    // Members who may take the office find out for themselves what we have found.
    patience_ = std::min(patience_ * 2, kMaxPatience);
    holder_->ring();
    deadlines_.set(Deadline::Answer, now + patience());
    return;
  }
  if (phase_ != Phase::Member && asked_others_ < kMaxAsked) {
    // At a crowded door even a quick controller is slow; its members have its ear, and take the
    // ring back when it answers them.
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
