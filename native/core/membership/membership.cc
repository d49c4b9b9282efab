// The calls of Membership, and its state as a member. Joining, leaving and the controller's
// liveness have files of their own.
#include "core/membership/membership.h"

#include <utility>

#include "core/membership/membership_impl.h"

namespace busbar {
namespace {

using std::chrono::milliseconds;

// Frames received in one turn.
constexpr int kFrameBatch = 32;
// When a full channel is tried again: its reader, the controller, is usually only busy.
constexpr milliseconds kChannelRetry{1};
// The pause before something that failed for a limit is tried again.
constexpr milliseconds kLimitPause{10};
// Failed introductions that wait for kLimitPause; an endpoint has fewer under way.
constexpr std::size_t kMaxLimited = 4096;

}  // namespace

Membership::Membership(Platform& platform, Reactor& reactor, MembershipConfig config,
                       MembershipEvents& events)
    : impl_(std::make_unique<Impl>(platform, reactor, std::move(config), events)) {}
Membership::~Membership() = default;

void Membership::start() { impl_->start(); }
void Membership::handle(const Readiness& readiness) { impl_->handle(readiness); }
std::optional<TimePoint> Membership::next_deadline() const noexcept {
  return impl_->next_deadline();
}
void Membership::handle_deadline() { impl_->handle_deadline(); }
bool Membership::admitted() const noexcept { return impl_->admitted(); }
bool Membership::is_controller() const noexcept { return impl_->is_controller(); }
Error Membership::introduce(std::uint64_t to_id, std::uint64_t link_id, std::uint64_t ring_bytes,
                            std::span<const Handle* const> handles) {
  return impl_->introduce({to_id, link_id, ring_bytes}, handles);
}
void Membership::miss_introduction() { impl_->miss_introduction(); }
bool Membership::catch_up() { return impl_->catch_up(); }
void Membership::await_change(std::uint64_t epoch) { impl_->await_change(epoch); }
void Membership::relabel(Label label, std::uint64_t revision) {
  impl_->relabel(std::move(label), revision);
}
bool Membership::awaits_kept(std::uint64_t id) const noexcept { return impl_->awaits_kept(id); }
void Membership::answer_parked(std::uint64_t id, std::uint64_t kept) {
  impl_->answer_parked(id, kept);
}
void Membership::leave(std::vector<Parcel> parcels) { impl_->leave(std::move(parcels)); }

Membership::Impl::Impl(Platform& platform, Reactor& reactor, MembershipConfig config,
                       MembershipEvents& events)
    : platform_(platform),
      reactor_(reactor),
      config_(std::move(config)),
      events_(events),
      deadlines_(Timers::Table({{{Deadline::Introduced, &Impl::expect_answer},
                                 {Deadline::Retry, nullptr},
                                 {Deadline::Limited, &Impl::report_limited},
                                 {Deadline::AskForChange, &Impl::ask_for_change_again},
                                 {Deadline::Missed, &Impl::report_missed},
                                 {Deadline::Label, &Impl::send_label},
                                 {Deadline::Listen, &Impl::listen_again},
                                 {Deadline::Answer, &Impl::on_answer_overdue},
                                 {Deadline::Leave, &Impl::end_leaving}}})) {
  if (config_.observes != nullptr) config_.controller_affinity = false;
}

void Membership::Impl::follow_up() {
  for (;;) {
    if (leaving_.requested() && !leaving_.begun() && phase_ != Phase::Ended) {
      begin_leaving();
    } else if (phase_ == Phase::Seeking && seeker_->due()) {
      seek();
    } else {
      return;
    }
  }
}

void Membership::Impl::handle(const Readiness& readiness) {
  turn([&] {
    leave_lost_office();
    if (holder_ && holder_->owns(readiness.token)) {
      on_bell();
    } else if (channel_ && readiness.token == channel_->token()) {
      if (readiness.writable) channel_->flush();
      if (readiness.readable) receive_frames();
    } else if (controller_) {
      controller_->handle(readiness);
    }
  });
}

std::optional<TimePoint> Membership::Impl::next_deadline() const noexcept {
  std::optional<TimePoint> next = deadlines_.next();
  if (phase_ == Phase::Seeking) next = earlier(next, seeker_->next_look());
  if (controller_) next = earlier(next, controller_->next_deadline());
  return next;
}

void Membership::Impl::handle_deadline() {
  turn([&] {
    leave_lost_office();
    if (controller_) controller_->handle_deadline();
    deadlines_.run_due(*this, platform_.now());
  });
}

bool Membership::Impl::catch_up() {
  bool all = true;
  turn([&] {
    if (channel_ && phase_ == Phase::Member) all = receive_frames();
  });
  return all;
}

bool Membership::Impl::receive_frames() {
  const std::uint64_t token = channel_->token();
  for (int taken = 0; taken < kFrameBatch; ++taken) {
    // Any frame may have ended the channel.
    if (!channel_ || channel_->token() != token) return true;
    auto datagram = channel_->receive();
    if (datagram.status() == Status::WouldBlock) return true;
    if (datagram.status() == Status::OutOfDescriptors && phase_ == Phase::Member) {
      miss_introduction();
      continue;
    }
    if (!datagram) {
      fail_or_start_over(datagram.error());
      return true;
    }
    std::vector<Handle> handles = std::move(datagram.value().handles);
    const auto frame = decode_frame(datagram.value().bytes, handles.size());
    if (!frame) {
      start_over();
      return true;
    }

    const auto* refusal = std::get_if<RefuseFrame>(&frame.value());
    const auto* challenge = std::get_if<ChallengeFrame>(&frame.value());
    const auto* welcome = std::get_if<WelcomeFrame>(&frame.value());
    if (phase_ == Phase::Member) {
      on_member_frame(frame.value(), std::move(handles));
    } else if (refusal != nullptr) {
      give_up({refusal->status});
    } else if (phase_ == Phase::Greeting && challenge != nullptr) {
      on_challenge(*challenge);
    } else if (phase_ == Phase::Announced && welcome != nullptr) {
      on_welcome(*welcome, std::move(handles.front()));
    } else {
      start_over();
    }
  }
  return false;
}

void Membership::Impl::on_member_frame(const ControlFrame& frame, std::vector<Handle> handles) {
  if (const auto* introduced = std::get_if<IntroducedFrame>(&frame)) {
    if (leaving_.begun()) return;
    events_.on_introduced(introduced->from_id, introduced->from_pid, introduced->link_id,
                          introduced->ring_bytes, std::move(handles));
  } else if (const auto* failed = std::get_if<IntroduceFailedFrame>(&frame)) {
    on_failed(*failed);
  } else if (const auto* changed = std::get_if<ChangedFrame>(&frame)) {
    if (!awaited_epoch_ || leaving_.begun()) return;
    if (changed->epoch > *awaited_epoch_) {
      awaited_epoch_.reset();
      events_.on_directory_changed();
    } else {
      ask_for_change();
    }
  } else if (const auto* park = std::get_if<ParkFrame>(&frame)) {
    on_parked_by_controller(*park, std::move(handles.front()));
  } else if (std::holds_alternative<PongFrame>(frame)) {
    if (!leaving_.begun()) on_pong();
  } else if (const auto* succeed_frame = std::get_if<SucceedFrame>(&frame)) {
    succeed(*succeed_frame, std::move(handles.front()));
  } else if (const auto* kept = std::get_if<KeptFrame>(&frame)) {
    if (!on_kept(kept->messages)) lose_controller();
  } else if (const auto* shown = std::get_if<RelabelledFrame>(&frame)) {
    on_relabelled(*shown);
  } else if (leaving_.begun() && std::holds_alternative<LeftFrame>(frame)) {
    finish_leaving();
  } else {
    lose_controller();
  }
}

void Membership::Impl::on_failed(const IntroduceFailedFrame& failed) {
  if (leaving_.begun()) return;
  // Reported at once, a limit would make sender and controller repeat and refuse in a loop.
  if (failed.status == Status::LimitExceeded && limited_.size() < kMaxLimited) {
    limited_.push_back(failed);
    if (!deadlines_.pending(Deadline::Limited))
      deadlines_.set(Deadline::Limited, platform_.now() + kLimitPause);
    return;
  }
  events_.on_introduction_failed(failed.to_id, failed.link_id, failed.status);
}

void Membership::Impl::report_limited() {
  for (const IntroduceFailedFrame& failed : std::exchange(limited_, {})) {
    if (leaving_.begun()) return;
    events_.on_introduction_failed(failed.to_id, failed.link_id, failed.status);
  }
}

Error Membership::Impl::introduce(const IntroduceFrame& frame,
                                  std::span<const Handle* const> handles) {
  if (phase_ != Phase::Member || leaving_.begun()) return {Status::WouldBlock};
  const Error sent = channel_->send_now(frame, handles);
  // In the program's thread: the control thread, which the endpoint wakes, does the rest.
  deadlines_.set(Deadline::Introduced, platform_.now());
  switch (sent.status) {
    case Status::WouldBlock:
    case Status::OutOfDescriptors:
      deadlines_.set(Deadline::Retry, platform_.now() + kChannelRetry);
      return {Status::WouldBlock, sent.os_code};
    case Status::PeerGone:
      // receive() reports PeerGone, too, and the search begins then.
      return {Status::WouldBlock, sent.os_code};
    default:
      return sent;
  }
}

void Membership::Impl::miss_introduction() {
  if (!deadlines_.pending(Deadline::Missed))
    deadlines_.set(Deadline::Missed, platform_.now() + kLimitPause);
}

void Membership::Impl::report_missed() {
  if (phase_ == Phase::Member && !channel_->send(MissedFrame{}).ok()) miss_introduction();
}

void Membership::Impl::await_change(std::uint64_t epoch) {
  // At most one request is pending: its answer is compared with the newest epoch.
  const bool asked = awaited_epoch_.has_value();
  awaited_epoch_ = epoch;
  if (phase_ == Phase::Member && !asked) ask_for_change();
}

void Membership::Impl::ask_for_change() {
  deadlines_.clear(Deadline::AskForChange);
  if (!channel_->send(AwaitChangeFrame{*awaited_epoch_}).ok())
    deadlines_.set(Deadline::AskForChange, platform_.now() + kLimitPause);
}

void Membership::Impl::ask_for_change_again() {
  if (phase_ == Phase::Member && awaited_epoch_) ask_for_change();
}

}  // namespace busbar
