// Membership's state machine. Private to membership*.cc.
//
//          start()          a channel           Challenge            Welcome
//   Idle ---------> Seeking ---------> Greeting ---------> Announced ---------> Member
//                   ^  | ^               |                    |                  |  |
//                   |  | +-- closed, 2 s +--------- closed ---+   channel closed |  |
//                   |  |                                                         |  |
//                   |  +-- a listener: takes office, goes on seeking, and        |  |
//                   |      finds itself by the same road as everybody else       |  |
//                   +------------------------------------------------------------+  |
//                   ^                  Succeed: takes office, goes on seeking       |
//                   +---------------------------------------------------------------+
//   any -- refused, or leave() done --> Ended
//
// leave(): in office: retires and is done. As a member: sends Leave and waits for Left; when the
// controller is lost meanwhile, the same search leads to the next one, which is told instead.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/control_channel.h"
#include "core/control_frame.h"
#include "core/handshake.h"
#include "core/membership.h"
#include "core/seeker.h"

namespace busbar {

class Membership::Impl final : public ControllerEvents {
 public:
  Impl(Platform& platform, Reactor& reactor, MembershipConfig config, MembershipEvents& events);

  // As in Membership; each is one turn().
  void start();
  void handle(const Readiness& readiness);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;
  void handle_deadline();
  [[nodiscard]] bool admitted() const noexcept { return phase_ == Phase::Member; }
  [[nodiscard]] bool is_controller() const noexcept { return controller_ != nullptr; }
  [[nodiscard]] Error introduce(const IntroduceFrame& frame,
                                std::span<const Handle* const> handles);
  void watch(std::uint64_t epoch);
  [[nodiscard]] Error park(const Handle& memory, std::uint64_t bytes);
  void leave();

 private:
  enum class Phase { Idle, Seeking, Greeting, Announced, Member, Ended };

  // Runs `step` and, if this is not a call from within an event, what has become due by it: the
  // search and the departure never run inside another step, whose objects they would destroy.
  template <typename Step>
  void turn(Step&& step) {
    const bool outermost = !std::exchange(busy_, true);
    step();
    if (!outermost) return;
    settle();
    busy_ = false;
  }
  void settle();

  // membership.cc
  void on_parked(std::uint64_t from_id, Handle memory, std::uint64_t bytes) override;
  void receive_frames();
  void on_failed(const IntroduceFailedFrame& failed);
  void tell_limited();
  void on_member_frame(const ControlFrame& frame, std::vector<Handle> handles);
  [[nodiscard]] Error send_with_handles(const ControlFrame& frame,
                                        std::span<const Handle* const> handles);

  // membership_joining.cc
  void seek();
  void greet(std::unique_ptr<Channel> channel);
  void take_office(std::unique_ptr<Listener> listener);
  [[nodiscard]] std::unique_ptr<DirectoryReader> open_known_directory();
  void on_challenge(const ChallengeFrame& challenge);
  void on_welcome(const WelcomeFrame& welcome, Handle directory);
  [[nodiscard]] Result<std::unique_ptr<DirectoryReader>> adopt_directory(
      const WelcomeFrame& welcome, Handle directory);
  // The handshake came to nothing: `why` is final for a newcomer if it is our own failure.
  void start_over();
  void fail_or_start_over(Error why);
  // The channel to the controller is gone; the search for the next one begins.
  void lose_controller();
  void succeed(Handle listener);
  void give_up(Error why);

  // membership_leaving.cc
  void begin_leaving();
  void finish_leaving();

  Platform& platform_;
  Reactor& reactor_;
  MembershipConfig config_;
  MembershipEvents& events_;
  TokenSource tokens_;

  Phase phase_ = Phase::Idle;
  bool busy_ = false;
  // Drawn once; see AnnounceFrame.
  std::uint64_t instance_ = 0;
  std::unique_ptr<Seeker> seeker_;

  NoncePair nonces_;
  std::optional<TimePoint> answer_due_;

  // Of the last admission; 0 before the first.
  std::uint64_t id_ = 0;
  std::uint64_t generation_ = 0;
  // That generation's directory, for the next controller, whoever it will be.
  Handle directory_;
  std::optional<std::uint64_t> watched_epoch_;
  std::optional<TimePoint> lost_at_;
  // When introduce or park, which would have blocked, may be tried again.
  std::optional<TimePoint> retry_at_;
  // Introductions that failed for a limit, and when the endpoint is told, who tries again then.
  std::vector<IntroduceFailedFrame> limited_;
  std::optional<TimePoint> limited_due_;
  // When the controller is told that we lost an introduction.
  std::optional<TimePoint> missed_due_;

  bool leave_wanted_ = false;
  bool leaving_ = false;
  std::optional<TimePoint> leave_due_;

  // Destroyed first the channel, then the office it may lead to.
  std::unique_ptr<Controller> controller_;
  std::unique_ptr<ControlChannel> channel_;
};

}  // namespace busbar
