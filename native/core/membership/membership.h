// Membership: an endpoint's side of the control channel: finds or becomes the controller, joins,
// joins again after a failover, introduces links. Runs on the control thread; every call is made
// with the endpoint's lock held.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "core/control/control_channel.h"
#include "core/controller/controller.h"
#include "core/directory/directory_reader.h"
#include "core/membership/parcel.h"
#include "core/selector/label.h"
#include "platform/platform.h"

namespace busbar {

struct MembershipConfig {
  std::string identifier{};
  std::string token{};
  Label label{};
  bool controller_affinity = true;
  // Of an observer, which never becomes controller; null for all other members.
  std::shared_ptr<const ObserverConditions> observes{};
  // Whether observers get copies of what this member sends, and of what is sent to it alone.
  bool observable = true;
  // While this endpoint is controller.
  BusLimits limits{};
};

struct ControllerChange {
  std::uint64_t generation = 0;
  std::uint64_t controller_id = 0;
  bool self = false;
  // Time between losing the old controller and being a member again; 0 for the first join.
  std::chrono::nanoseconds gap{0};
};

// What Membership reports to its endpoint. Called with the endpoint's lock held, from inside
// Membership's own calls; an event may call Membership, but must not destroy it.
class MembershipEvents {
 public:
  virtual ~MembershipEvents() = default;
  // A controller has admitted this endpoint under `id`. `directory` is that generation's. Reported
  // again after each failover, with the same id unless another endpoint has it by now.
  // Introductions that were not attached yet are to be repeated now.
  virtual void on_admitted(std::uint64_t id, std::unique_ptr<DirectoryReader> directory,
                           const ControllerChange& change) = 0;
  // The directory's epoch is past the one given to await_change(), or there is a new directory. One
  // call for one await_change().
  virtual void on_directory_changed() = 0;
  // A peer wants to send to this endpoint: handles are ring, consumer state, doorbell, channel, in
  // this order, unverified.
  virtual void on_introduced(std::uint64_t from_id, std::uint32_t from_pid, std::uint64_t link_id,
                             std::uint64_t ring_bytes, std::vector<Handle> handles) = 0;
  // PeerGone: the receiver is gone. LimitExceeded: the receiver or the controller could not take
  // the introduction some milliseconds ago; may be repeated now. A link_id of 0 means every link to
  // `to_id` that is not attached yet, a to_id of 0 every receiver: with LimitExceeded only, when a
  // process had no descriptors left to see which introduction it lost.
  virtual void on_introduction_failed(std::uint64_t to_id, std::uint64_t link_id, Status why) = 0;
  // This endpoint is controller, or about to become it, and a leaving member handed over parked
  // messages (unverified memory): to be answered by answer_parked(from.who.id), now or later.
  virtual void on_parked_received(const HandOverSource& from, Handle memory,
                                  std::uint64_t bytes) = 0;
  // Every member sees the label of this revision, or of a later one; see relabel().
  virtual void on_relabelled(std::uint64_t revision) = 0;
  // leave() is complete: no member sees this endpoint any more. `kept`: how many messages others
  // report to have taken charge of.
  virtual void on_left(std::uint64_t kept) = 0;
  // Joining is impossible (TokenMismatch, VersionMismatch, Permission, ...). Final.
  virtual void on_refused(Error error) = 0;
};

class Membership {
 public:
  // Whether a token on the reactor belongs to Membership or its Controller.
  [[nodiscard]] static constexpr bool owns_token(std::uint64_t token) noexcept {
    return TokenSource::owns(token);
  }

  // Platform, reactor and events must outlive it. Destroyed without leave(), the endpoint is gone
  // as if its process had died: a controller's name is left to the survivors.
  Membership(Platform& platform, Reactor& reactor, MembershipConfig config,
             MembershipEvents& events);
  ~Membership();
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

  // Begins the search; the outcome is on_admitted or on_refused.
  void start();
  void handle(const Readiness& readiness);
  // When to call handle_deadline() next.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept;
  void handle_deadline();

  [[nodiscard]] bool admitted() const noexcept;
  // In office, and not deposed since. A system call.
  [[nodiscard]] bool is_controller() const noexcept;

  // Sends an introduction through the controller. WouldBlock while there is none (repeat it on
  // on_admitted) and while its channel is full (repeat it when next_deadline() has passed).
  // The handles stay the caller's.
  [[nodiscard]] Error introduce(std::uint64_t to_id, std::uint64_t link_id,
                                std::uint64_t ring_bytes, std::span<const Handle* const> handles);
  // An introduction from on_introduced() could not be used, because a resource was missing: its
  // sender is asked, some milliseconds later, to repeat it.
  void miss_introduction();
  // Handles what the controller has sent by now, with the events for it. False: there is more, for
  // another turn.
  [[nodiscard]] bool catch_up();
  // One on_directory_changed once the directory is past `epoch`. A later call replaces an earlier
  // one that has not been answered. Kept over a failover.
  void await_change(std::uint64_t epoch);
  // The endpoint has another label from now on. `revision` grows with each call, from 1.
  // on_relabelled() once every member sees the label; none for a label that another one replaced
  // before. Kept over a failover.
  void relabel(Label label, std::uint64_t revision);
  // Whether on_parked_received() for this id is unanswered, and the connection for the answer is
  // still open.
  [[nodiscard]] bool awaits_kept(std::uint64_t id) const noexcept;
  // Answers how many of the messages this endpoint has taken charge of.
  void answer_parked(std::uint64_t id, std::uint64_t kept);
  // Leaves: as controller, hands the office to another member, or frees the name when no member is
  // left; otherwise sends Leave to the controller. The parcels go to the controller, or to the
  // successor of this one, one after the other; if it dies before it has answered, to the next one.
  // Ends with on_left, even without an answer: within a second, or three with parcels. No other
  // event comes once this call has returned to the control thread's loop.
  void leave(std::vector<Parcel> parcels = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace busbar
