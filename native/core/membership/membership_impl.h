// Membership's state machine. Private to membership*.cc.
//
//          start()          a channel           Challenge            Welcome
//   Idle ---------> Seeking ---------> Greeting ---------> Announced ---------> Member
//                   ^  | ^               |                    |                  |  |
//                   |  | +-- closed, 2 s +--------- closed ---+   channel closed |  |
//                   |  |                                                         |  |
//                   |  +-- a listener: takes office, goes on seeking, and        |  |
//                   |      connects to itself as other members do                |  |
//                   +------------------------------------------------------------+  |
//                   ^                  Succeed: goes on seeking, may depose         |
//                   +---------------------------------------------------------------+
//   any -- refused, or leave() done --> Ended
//
// An endpoint that gets no answer in time (in Greeting, in Announced, or as a member that has sent
// a request) closes its connection and seeks with the right to depose the controller; see
// membership_liveness.cc.
//
// leave(): in office: retires and is done. As a member: sends Leave and waits for Left; if the
// controller is lost meanwhile, the search goes on and Leave is sent to the next controller.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/control/control_channel.h"
#include "core/control/control_frame.h"
#include "core/control/handshake.h"
#include "core/membership/deadlines.h"
#include "core/membership/leaving.h"
#include "core/membership/membership.h"
#include "core/membership/name_holder.h"
#include "core/membership/seeker.h"

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
  [[nodiscard]] bool is_controller() const noexcept {
    return controller_ != nullptr && controller_->holds_name();
  }
  [[nodiscard]] Error introduce(const IntroduceFrame& frame,
                                std::span<const Handle* const> handles);
  void miss_introduction();
  [[nodiscard]] bool catch_up();
  void await_change(std::uint64_t epoch);
  void relabel(Label label, std::uint64_t revision);
  [[nodiscard]] bool awaits_kept(std::uint64_t id) const noexcept;
  void answer_parked(std::uint64_t id, std::uint64_t kept);
  void leave(std::vector<Parcel> parcels);

 private:
  // How long the controller may take to answer. An endpoint that needs a controller shall have one
  // within a second, of which survivors may take 250 ms.
  static constexpr std::chrono::milliseconds kPatience{400};
  static constexpr std::chrono::milliseconds kMaxPatience{3200};

  enum class Phase { Idle, Seeking, Greeting, Announced, Member, Ended };

  enum class Deadline {
    // The program's thread asked something of the controller: an answer is to be expected.
    Introduced,
    // introduce(), which would have blocked, may be tried again.
    Retry,
    // Introductions that failed for a limit are reported to the endpoint, which repeats them.
    Limited,
    // Directory changes are asked for again, because the request could not be sent.
    AskForChange,
    // Reports to the controller that this endpoint lost an introduction.
    Missed,
    // The label that this endpoint wants is sent again, because it could not be sent.
    Label,
    // The bell, rung in vain, is listened to again.
    Listen,
    // The controller's answer: of the handshake, or as a member a pong or Left.
    Answer,
    // Leaving ends, answered or not.
    Leave,
  };
  using Timers = Deadlines<Impl, Deadline, 9>;

  // Runs `step` and, if this is not a call from within an event, the search or the departure that
  // it made due: neither may run inside another step, whose objects they would destroy.
  template <typename Step>
  void turn(Step&& step) {
    const bool outermost = !std::exchange(busy_, true);
    step();
    if (!outermost) return;
    follow_up();
    busy_ = false;
  }
  void follow_up();

  // membership.cc
  // False: there may be more.
  bool receive_frames();
  void on_failed(const IntroduceFailedFrame& failed);
  void report_limited();
  void ask_for_change();
  void ask_for_change_again();
  void report_missed();
  void on_member_frame(const ControlFrame& frame, std::vector<Handle> handles);

  // membership_relabelling.cc
  void send_label();
  void on_relabelled(const RelabelledFrame& frame);

  // membership_joining.cc
  void seek();
  void greet(Seeker::Reached reached);
  void take_office(Seeker::Claimed claimed);
  [[nodiscard]] std::unique_ptr<DirectoryReader> open_known_directory();
  void on_challenge(const ChallengeFrame& challenge);
  void on_welcome(const WelcomeFrame& welcome, Handle directory);
  [[nodiscard]] Result<std::unique_ptr<DirectoryReader>> adopt_directory(
      const WelcomeFrame& welcome, Handle directory);
  // The handshake failed: `why` is final for a newcomer if the failure is its own.
  void start_over();
  void fail_or_start_over(Error why);
  // The channel to the controller is closed; the search for the next one begins.
  void lose_controller();
  void succeed(const SucceedFrame& frame, Handle door);
  void give_up(Error why);
  // Closes the channel to the controller, or to the listener that answered.
  void disconnect();

  // membership_liveness.cc
  [[nodiscard]] bool may_claim() const noexcept {
    return config_.controller_affinity && !leaving_.begun();
  }
  [[nodiscard]] std::chrono::milliseconds patience() const noexcept;
  void await_answer(std::chrono::milliseconds limit);
  // A request was sent to the controller: a ping follows, and its pong is due.
  void expect_answer();
  void on_pong();
  void on_bell();
  void on_answer_overdue();
  void listen_again();
  // No answer came in time: deposes the controller, or rings the bell for others to do so.
  void suspect();
  // Whether the answer is given more time, because the controller's process only waits for a
  // processor.
  [[nodiscard]] bool grant_respite();
  // The name leads to another holder than the one this endpoint is connected to.
  void follow_name();
  // Gives up the office if another endpoint has taken the name.
  void leave_lost_office();
  [[nodiscard]] bool name_has_moved() const noexcept;

  // membership_leaving.cc
  void begin_leaving();
  void send_leave();
  // As a member: sends the next parcel, or Leave after the last one.
  void send_parcel_or_leave();
  [[nodiscard]] bool on_kept(std::uint64_t messages) override;
  // membership_leaving.cc, as the endpoint that parcels are handed to
  void on_parked(const HandOverSource& from, Handle memory, std::uint64_t bytes) override;
  // From a controller that is about to make this endpoint its successor.
  void on_parked_by_controller(const ParkFrame& park, Handle memory);

  // There is no controller while this endpoint is leaving.
  void hurry_leaving();
  // Time is up; in office, the parcels are passed on to the successor first.
  void end_leaving();
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

  Timers deadlines_;
  NoncePair nonces_;
  // A ping is pending and a request was sent since: ping again on Pong.
  bool asked_again_ = false;
  // The bell was rung; the pong decides whether the controller was deposed.
  bool rung_ = false;
  // Since when the answer has been late; nullopt while none is.
  std::optional<TimePoint> late_since_;
  // How often this endpoint rang the bell in this handshake.
  int asked_others_ = 0;
  // The holder that did not answer; 0 for none.
  std::uint64_t unanswering_ = 0;
  // From the controller that left and made this endpoint its successor, until the name leads to
  // another listener.
  Handle inherited_door_;
  // Doubles each time that a controller did not answer or was deposed before it could: on a machine
  // that is too slow for all, members would depose one after the other. Half of it until the bell
  // is rung.
  std::chrono::milliseconds patience_ = kPatience;

  // Of the last admission; 0 before the first.
  std::uint64_t id_ = 0;
  std::uint64_t generation_ = 0;
  // That generation's directory, to be brought to the next controller.
  Handle directory_;
  std::optional<std::uint64_t> awaited_epoch_;
  // How often config_.label was changed, and whether that is still to be confirmed.
  std::uint64_t label_revision_ = 0;
  bool relabelling_ = false;
  std::optional<TimePoint> lost_at_;
  // Introductions that failed for a limit, until Deadline::Limited.
  std::vector<IntroduceFailedFrame> limited_;
  Leaving leaving_;
  // The controller has handed over messages to this endpoint and waits for the answer.
  bool controller_awaits_kept_ = false;

  // The channel is destroyed first, then the office that it may lead to.
  std::unique_ptr<Controller> controller_;
  // The holder that channel_ leads to.
  std::unique_ptr<NameHolder> holder_;
  std::unique_ptr<ControlChannel> channel_;
};

}  // namespace busbar
