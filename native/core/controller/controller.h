// Controller: the office of the one member that holds the bus's name. Admits members, keeps the
// directory, forwards introductions. Carries no message, and trusts no member: the worst that a
// member can cause by any frame is that its own connection is closed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/status.h"
#include "core/control/control_channel.h"
#include "core/control/handshake.h"
#include "core/controller/admission.h"
#include "core/controller/former_members.h"
#include "core/controller/missed_introductions.h"
#include "core/controller/roster.h"
#include "core/directory/directory_reader.h"
#include "core/hand_over/hand_over.h"
#include "core/region/handle_reserve.h"
#include "platform/platform.h"

namespace busbar {

// Introductions held for one member until it has announced itself again.
inline constexpr std::size_t kMaxHeldIntroductions = 64;
// Handles in waiting introductions, for all members together: half of the usual descriptor limit of
// a process.
inline constexpr std::size_t kMaxWaitingHandles = 512;

// Handles in waiting introductions of one sender, which decides to whom it sends and how often.
inline constexpr std::size_t kMaxWaitingHandlesOfMember = 128;

// How long applicants wait for each other, counted from the moment the controller took office:
// a member that has joined shall be visible to all.
inline constexpr std::chrono::milliseconds kReturnTime{250};

// How many endpoints the bus takes.
struct BusLimits {
  std::uint64_t endpoints = option::max_endpoints.standard;
  // Keeps a single process from filling the bus.
  std::uint64_t endpoints_per_process = option::max_endpoints_per_process.standard;
};

class ControllerEvents {
 public:
  virtual ~ControllerEvents() = default;
  // No event may destroy the controller.
  // A leaving member handed over parked messages; the memory is unverified. To be answered by
  // answer_parked(), now or later.
  virtual void on_parked(const HandOverSource& from, Handle memory, std::uint64_t bytes) = 0;
  // A member reports how many messages it has taken charge of. False: no such answer was due.
  [[nodiscard]] virtual bool on_kept(std::uint64_t messages) = 0;
};

// On the control thread of the endpoint that is controller.
class Controller {
 public:
  // What a new controller takes over from the generation before.
  struct Inheritance {
    // The last generation of which the controller's own endpoint was a member; 0 for none.
    std::uint64_t generation = 0;
    // The endpoint's id in it.
    std::uint64_t self_id = 0;
    // Its directory, refreshed, if it can be read. Only used by create().
    const DirectoryReader* directory = nullptr;
    // A newcomer took the name: members that it does not know are about to come.
    bool awaits_survivors = false;
  };

  [[nodiscard]] static Result<std::unique_ptr<Controller>> create(
      Platform& platform, Reactor& reactor, TokenSource& tokens, BusSecret secret,
      std::unique_ptr<Listener> listener, const BusLimits& limits, Inheritance inherited,
      ControllerEvents& events);
  // Closes the listener and every connection. The name is left to survivors, which find its holder
  // gone; see retire().
  ~Controller();
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  // The controller's own endpoint will send Hello with this nonce.
  void expect_self(const Nonce& nonce) { admission_->expect_self(nonce); }

  void handle(const Readiness& readiness);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;
  void handle_deadline();

  // Whether on_parked() for this member is unanswered and the same connection is still open.
  [[nodiscard]] bool awaits_kept(std::uint64_t id) const noexcept;
  void answer_parked(std::uint64_t id, std::uint64_t kept);

  // Gives parked messages to the member that retire() would make the successor, which answers by
  // on_kept(). NoController when there is none.
  [[nodiscard]] Error pass_on_parked(const Handle& memory, std::uint64_t bytes);

  // When members of the generation before will have come back. A newcomer that took the name from a
  // dead or deposed holder should not leave before, or it would end a bus whose members it does not
  // know.
  [[nodiscard]] TimePoint knows_bus_at() const noexcept;

  // Leaves office: removes its own endpoint from the directory and hands the listener to the
  // connected member with the lowest id that may become controller, or releases the name when there
  // is none. `holder` is the value of Rendezvous::holder() while holds_name(). Destroy the
  // controller afterwards.
  void retire(std::uint64_t holder);

  // False once an endpoint that got no answer has taken the name. Destroy the controller then, so
  // that its members connect to the new one.
  [[nodiscard]] bool holds_name() const noexcept { return admission_->listener().holds_name(); }

  [[nodiscard]] std::uint64_t generation() const noexcept {
    return roster_->directory().generation();
  }

 private:
  Controller(Platform& platform, std::unique_ptr<Roster> roster,
             std::unique_ptr<Admission> admission, const BusLimits& limits,
             const Inheritance& inherited, ControllerEvents& events);

  // controller.cc
  void follow_up();
  void notify_of_changes();
  void end_process(std::uint32_t pid);
  std::unique_ptr<ControlChannel> drop(std::uint64_t id);
  void notify(std::uint64_t id, const ControlFrame& frame);
  [[nodiscard]] std::vector<RosterMember*> successors();
  [[nodiscard]] bool hand_over_to(RosterMember& successor, std::uint64_t holder);

  // controller_relabelling.cc
  [[nodiscard]] bool relabel(RosterMember& member, const RelabelFrame& frame);
  void show_labels();
  [[nodiscard]] bool all_read_directory() const noexcept;

  // controller_joining.cc
  // Nobody of the generation before is expected any more.
  [[nodiscard]] bool survivors_are_back() const noexcept;
  [[nodiscard]] bool may_enter(const Applicant& applicant);
  [[nodiscard]] bool has_room_for(const Applicant& applicant);
  void consider(Applicant applicant);
  void consider_waiting();
  void enter(Applicant applicant);
  void admit(Applicant applicant);
  void readmit(Applicant applicant);
  void enlist(Applicant applicant, std::uint64_t id);
  void enter_again(RosterMember& member, Applicant applicant);
  void import_directory(Applicant& applicant);
  void import_members(const DirectoryReader& brought);
  void refuse(Applicant& applicant, Status why);
  // `returns`: it was a member of the generation before.
  void welcome(RosterMember& member, bool returns);
  [[nodiscard]] bool drop_waiting(std::uint64_t token);

  // controller_frames.cc
  void serve(std::uint64_t token);
  [[nodiscard]] bool on_frame(RosterMember& member, const ControlFrame& frame,
                              std::vector<Handle> handles);
  [[nodiscard]] bool park(RosterMember& member, const ParkFrame& frame, Handle memory);
  void introduce(const RosterMember& from, const IntroduceFrame& frame,
                 std::vector<Handle> handles);
  [[nodiscard]] Status pass_on(RosterMember& to, const IntroducedFrame& frame,
                               std::vector<Handle> handles);
  void repeat_missed();
  // Closes the connection to a member, and loses the introductions in it that were not read.
  void cut_off(RosterMember& member);

  Platform& platform_;
  ControllerEvents& events_;
  BusLimits limits_;
  std::unique_ptr<Roster> roster_;
  std::unique_ptr<Admission> admission_;
  std::uint64_t self_id_;
  // The generation that the roster's provisional members were learned from.
  std::uint64_t source_generation_;
  // No member of the generation before has come yet.
  bool awaits_survivors_;
  TimePoint started_;
  FormerMembers former_;
  // Applicants that may not enter yet.
  std::vector<Applicant> waiting_;
  // Members that could not be sent a frame which they must get: their connection is closed, and
  // they learn everything when they announce themselves again.
  std::vector<std::uint64_t> unreachable_;
  // Released when an introduction could not be received, and refilled when one was.
  HandleReserve reserve_;
  // Members that lost an introduction, from any sender.
  MissedIntroductions missed_;
  // Members with a label that is not in the directory yet, in the order of their wishes; when
  // labels were shown last, and when the others are due.
  std::vector<std::uint64_t> relabelling_;
  std::optional<TimePoint> last_labels_;
  std::optional<TimePoint> next_labels_;
  // When members were last notified of a change, and when the next round is due.
  std::optional<TimePoint> last_notice_;
  std::optional<TimePoint> next_notice_;
};

}  // namespace busbar
