// Endpoint: one member of one bus. Joins the halves (Sender, Receiver) with Membership and runs the
// control thread that serves both. The program's thread calls in here; the two threads meet at one
// lock, which is never held while the program's code runs or anything waits.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/endpoint/biased_lock.h"
#include "core/endpoint/notice.h"
#include "core/endpoint/reactor_turns.h"
#include "core/endpoint/receiver.h"
#include "core/endpoint/sender.h"
#include "core/hand_over/hand_over_desk.h"
#include "core/membership/membership.h"
#include "core/region/region_table.h"

namespace busbar {

struct EndpointOptions {
  MembershipConfig membership;
  // The limits of the bus among them are those of `membership` from create() on. `timeout_ms` is
  // how long joining may take; RefusedNotice with Timeout afterwards.
  JoinOptions join;
  // The memory regions of this process; outlives the endpoint.
  RegionTable* regions = nullptr;
};

struct EndpointCounters {
  SenderCounters sent;
  std::uint64_t received_messages = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t outbound_links = 0;
  std::uint64_t inbound_links = 0;
  std::uint64_t parked = 0;
};

class Endpoint final : private MembershipEvents, private SenderHost {
 public:
  // Checks the options and makes the kernel objects; nothing is visible to others before start().
  [[nodiscard]] static Result<std::unique_ptr<Endpoint>> create(Platform& platform,
                                                                EndpointOptions options);
  // Stops at once if close() was not awaited. Waits for the control thread.
  ~Endpoint() override;
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // Begins to join; the outcome is a JoinedNotice or a RefusedNotice. OutOfMemory when no
  // thread can be had.
  [[nodiscard]] Error start();
  // The same without a control thread: the program calls serve() whenever something may have
  // happened, until the ClosedNotice has come. For tests that decide the order of everything.
  void start_without_thread();
  // One turn of the control thread's work, without waiting. False when all is done.
  bool serve();
  // Begins to leave: what queues has `linger` to go out. Ends with a ClosedNotice. Repeated calls
  // may shorten it.
  void close(std::chrono::milliseconds linger);
  // Waits until the control thread has ended; close() first. For teardown without an event loop.
  void join_thread();
  // After join_thread(): gives all kernel objects back. Every later call finds the endpoint closed.
  void release();

  // What the program's thread sleeps on: ready when there are messages or notices.
  [[nodiscard]] DoorbellSet& bells() noexcept { return *bells_; }
  [[nodiscard]] std::vector<Notice> take_notices();

  // 0: no more routes are to be had.
  [[nodiscard]] std::uint32_t add_route(SelectorProgram program, bool unicast, bool exclude_self);
  void release_route(std::uint32_t route);
  [[nodiscard]] SendOutcome send(const SendRequest& request);
  void flush_bells();
  // Room for a payload in the shared memory of the one receiver that a unicast route finds, written
  // by the caller until commit() or cancel(); one at a time. Where the ring has none, it is memory
  // of this process.
  [[nodiscard]] SendOutcome reserve(std::uint32_t route, std::size_t bytes, Reservation& out);
  [[nodiscard]] SendOutcome commit(const Reservation& reservation, const Uuid& type,
                                   std::uint16_t format);
  void cancel(const Reservation& reservation);
  void forget_delivery(std::uint64_t delivery);
  // One DrainedNotice, at once if nothing queues.
  void ask_drained();
  [[nodiscard]] std::vector<std::uint64_t> matches(std::uint32_t route);

  // Notes which doorbells rang. True when there may be something to receive.
  [[nodiscard]] bool collect_bells();
  void receive(ReceiveBatch& batch);
  [[nodiscard]] bool receive_large(std::span<std::byte> payload, ReceivedMessage& out);
  // Of the message that receive_large() or borrow() gave last, encoded.
  [[nodiscard]] std::vector<std::byte> last_origin();
  // See Receiver. Follows each receive() and receive_large(); `waiting` of a program that keeps
  // none back is 0.
  void taken(std::size_t waiting = 0, std::span<const ReceivedMessage> rows = {});
  // Before close(), of a program that knows what it keeps back.
  void hand_back(std::size_t waiting, std::span<const ReceivedMessage> rows = {});
  // See Receiver::borrow().
  [[nodiscard]] bool borrow(ReceivedMessage& out, std::span<const std::byte>& out_payload);
  void return_borrowed();
  // Waits actively for at most `limit`, if that promises anything. True when something came.
  [[nodiscard]] bool spin(std::chrono::microseconds limit);
  // Announces sleep; false when there is something to receive after all.
  [[nodiscard]] bool sleep();
  // The message is handled (Ok), or never will be, and why; see Receiver::settle().
  void settle(std::uint32_t link_slot, std::uint64_t position, Status status = Status::Ok);
  // Who sends over an inbound link; nullopt for an unknown slot. Known until forget_peer(), also
  // after its LinkClosedNotice.
  [[nodiscard]] std::optional<Member> peer(std::uint32_t link_slot);
  void forget_peer(std::uint32_t link_slot);

  // Everybody on the bus, this endpoint included, as of now.
  [[nodiscard]] std::vector<Member> members();
  // From now on changes of the membership are told by PeersNotice (or no longer). Returns members()
  // of that moment.
  std::vector<Member> watch_members(bool wanted);
  void report_undelivered(bool wanted);

  [[nodiscard]] std::uint64_t id();
  [[nodiscard]] bool is_controller();
  [[nodiscard]] std::uint64_t controller_id();
  [[nodiscard]] std::uint64_t generation();
  [[nodiscard]] EndpointCounters counters();

 private:
  enum class Phase : std::uint8_t { Open, Lingering, Leaving, Closed };

  Endpoint(Platform& platform, EndpointOptions options, std::unique_ptr<Reactor> reactor,
           std::unique_ptr<DoorbellSet> bells);

  [[nodiscard]] SendOutcome send_spilled(SendRequest request);
  void wake() noexcept;

  // Control thread.
  void run();
  void enter_turn() noexcept;
  void leave_turn() noexcept;
  // What comes before waiting; false when the endpoint is closed.
  [[nodiscard]] bool prepare_to_wait();
  void take_turn(std::span<const Readiness> ready);
  void dispatch(const Readiness& readiness);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;
  void handle_deadlines();
  void tend_links();
  void forget_closed_links();
  void watch_new_links();
  void tend_watch();
  void repeat_soon();
  void advance_closing();
  [[nodiscard]] std::vector<Parcel> pack_parked();
  void finish_closing();
  void work_at_desk();
  [[nodiscard]] bool see_directory();
  void tell_member_changes();

  // MembershipEvents
  void on_admitted(std::uint64_t id, std::unique_ptr<DirectoryReader> directory,
                   const ControllerChange& change) override;
  void on_directory_changed() override;
  void on_introduced(std::uint64_t from_id, std::uint32_t from_pid, std::uint64_t link_id,
                     std::uint64_t ring_bytes, std::vector<Handle> handles) override;
  void on_introduction_failed(std::uint64_t to_id, std::uint64_t link_id, Status why) override;
  void on_parked_received(const HandOverSource& from, Handle memory, std::uint64_t bytes) override;
  void on_left(std::uint64_t kept) override;
  void on_refused(Error error) override;

  // SenderHost
  [[nodiscard]] Error introduce(OutboundLink& link) override;
  void link_opened(OutboundLink& link) override;
  void link_closed(std::unique_ptr<OutboundLink> link) override;
  void needs_attention() override;
  void notify(Notice notice) override;

  Platform& platform_;
  // Owner: the program's thread. Visitor: the control thread.
  BiasedLock lock_;
  const std::chrono::milliseconds join_timeout_;
  Label label_;
  // Who may use the reactor; outlives it.
  ReactorTurns turns_;
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<DoorbellSet> bells_;
  std::unique_ptr<DirectoryReader> directory_;
  Sender sender_;
  HandOverDesk desk_;
  Receiver receiver_;
  // Until release().
  std::unique_ptr<Membership> membership_;

  RegionTable& regions_;
  std::uint64_t region_listener_ = 0;
  // Some region was unmapped since the control thread looked last.
  std::atomic<bool> regions_unmapped_ = false;
  std::vector<Notice> notices_;
  std::uint64_t id_ = 0;
  Phase phase_ = Phase::Open;
  // Until the endpoint has joined.
  std::optional<TimePoint> join_deadline_;
  std::optional<TimePoint> close_deadline_;
  std::uint64_t abandoned_ = 0;
  // Parked messages that the others may take charge of; they say of how many they have.
  std::uint64_t handed_over_ = 0;
  bool program_watches_members_ = false;
  bool watch_armed_ = false;
  // Of the directory, as of the last time that everything was done about it. The directory itself
  // may have been read anew since, by whoever sends.
  std::uint64_t acted_epoch_ = 0;
  // Who was last told to be there.
  std::unordered_map<std::uint64_t, Member> told_members_;
  // When to try again what failed for want of something.
  std::optional<TimePoint> repeat_at_;
  // Links that the program's thread opened, to be watched by the control thread.
  std::vector<std::uint64_t> links_to_watch_;
  // Slots of inbound links to be watched.
  std::vector<std::uint32_t> slots_to_watch_;
  // Closed links, until the control thread has stopped watching them.
  std::vector<std::unique_ptr<InboundLink>> closed_links_;
  std::vector<std::unique_ptr<OutboundLink>> closed_outbound_links_;
  // start() or start_without_thread() was called.
  bool started_ = false;
  // nullptr before start() and without a thread.
  std::unique_ptr<Thread> thread_;
  // Prepares what makes the lock cheap; ends by itself.
  std::unique_ptr<Thread> preparing_;
};

}  // namespace busbar
