// EndpointControl: the control thread's half of an endpoint: membership, link channels, timers,
// closing. Owns what both threads use (Sender, Receiver, directory, notices) and serves it. Not the
// program's calls: these are Endpoint's, which also owns the lock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/endpoint/biased_lock.h"
#include "core/endpoint/closing.h"
#include "core/endpoint/departures.h"
#include "core/endpoint/endpoint_options.h"
#include "core/endpoint/link_watches.h"
#include "core/endpoint/member_changes.h"
#include "core/endpoint/notice.h"
#include "core/endpoint/reactor_turns.h"
#include "core/endpoint/receiver.h"
#include "core/endpoint/sender.h"
#include "core/hand_over/hand_over_desk.h"
#include "core/membership/membership.h"
#include "core/region/region_table.h"

namespace busbar {

class EndpointControl final : private MembershipEvents, private SenderHost {
 public:
  // `lock` outlives it.
  EndpointControl(Platform& platform, BiasedLock& lock, EndpointOptions options,
                  std::unique_ptr<Reactor> reactor, std::unique_ptr<DoorbellSet> bells);
  ~EndpointControl() override;
  EndpointControl(const EndpointControl&) = delete;
  EndpointControl& operator=(const EndpointControl&) = delete;

  // Begins to join. The first part of it, most of the time all of it, in the program's thread and
  // before there is a control thread: that saves four changes of threads. Returns when there is a
  // notice, at the latest after kJoinHere. Without the lock, as run().
  void join_here();
  // The control thread, without the lock, which is taken here and let go only inside Reactor::wait
  // and where a thread is waited for.
  // All of its work, until the endpoint is closed.
  void run();
  // One turn of it, without waiting. False when the endpoint is closed.
  bool serve();

  // The program's thread, with the lock held unless said otherwise.
  // Joining may take this long from now on. Before there is a control thread.
  void begin_joining(std::chrono::milliseconds timeout) {
    join_deadline_ = platform_.now() + timeout;
  }
  // Joins in this call, for a program that calls serve().
  void join_without_thread();
  // Without the lock; no more is to be prepared then.
  void join_preparation() {
    if (preparing_ != nullptr) preparing_->join();
  }
  // Leaves when nothing queues any more, or at `deadline`; an earlier one replaces a later one.
  void begin_closing(TimePoint deadline) { closing_.begin(deadline); }
  // Closes now, without leaving.
  void finish_closing();
  // The control thread has ended; the program's thread does its work from now on.
  void take_over() { turns_.begin(); }
  // Ends the reports of unmapped regions. Without the lock.
  void stop_listening();
  // Gives all kernel objects back.
  void release();
  // Makes the control thread take a turn. Any thread.
  void wake() noexcept;
  [[nodiscard]] std::vector<Notice> take_notices() { return std::exchange(notices_, {}); }

  // Neither closed nor closing.
  [[nodiscard]] bool open() const noexcept { return closing_.open(); }
  [[nodiscard]] bool closed() const noexcept { return closing_.closed(); }
  [[nodiscard]] Sender& sender() noexcept { return sender_; }
  [[nodiscard]] Receiver& receiver() noexcept { return receiver_; }
  // Any thread, until release().
  [[nodiscard]] DoorbellSet& bells() noexcept { return *bells_; }

  // See Endpoint.
  [[nodiscard]] std::vector<Member> members();
  [[nodiscard]] std::vector<Member> observers();
  // The same, or nullopt if `seen` stands for that list; it stands for this one afterwards.
  [[nodiscard]] std::optional<std::vector<Member>> members_unless(MembersSeen& seen);
  std::vector<Member> report_members(bool wanted);
  // After a batch is read: the senders' labels of now. Returns the links whose senders have changed
  // theirs.
  [[nodiscard]] std::vector<std::uint32_t> follow_senders() {
    if (directory_ == nullptr || directory_->epoch() == followed_epoch_) return {};
    return follow_senders_now();
  }
  // Not before it has joined.
  [[nodiscard]] Result<std::uint64_t> relabel(Label label);
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  [[nodiscard]] bool is_controller() const noexcept;
  [[nodiscard]] std::uint64_t controller_id() const noexcept;
  [[nodiscard]] std::uint64_t generation() const noexcept;

 private:
  // A controller that has nothing else to do answers in a third of this.
  static constexpr std::chrono::microseconds kJoinHere{500};

  // Prepares, in a thread that ends by itself, what makes the lock cheap. Without the lock.
  void prepare_lock();
  void enter_turn() noexcept;
  void leave_turn() noexcept;
  // What comes before waiting; false when the endpoint is closed.
  [[nodiscard]] bool prepare_to_wait();
  void take_turn(std::span<const Readiness> ready);
  void dispatch(const Readiness& readiness);
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;
  void handle_deadlines();
  void tend_links();
  void watch_new_links();
  void tend_directory();
  void tend_label();
  [[nodiscard]] std::vector<std::uint32_t> follow_senders_now();
  void repeat_soon();
  void advance_closing();
  void work_at_desk();
  [[nodiscard]] bool see_directory();
  void report_due_changes();
  void report_member_changes();
  void note_sender(std::uint64_t id);
  void report_ended();
  void inbound_closed(std::unique_ptr<InboundLink> link);

  // MembershipEvents
  void on_admitted(std::uint64_t id, std::unique_ptr<DirectoryReader> directory,
                   const ControllerChange& change) override;
  void on_directory_changed() override;
  void on_introduced(std::uint64_t from_id, std::uint32_t from_pid, std::uint64_t link_id,
                     std::uint64_t ring_bytes, std::vector<Handle> handles) override;
  void on_introduction_failed(std::uint64_t to_id, std::uint64_t link_id, Status why) override;
  void on_parked_received(const HandOverSource& from, Handle memory, std::uint64_t bytes) override;
  void on_relabelled(std::uint64_t revision) override;
  void on_left(std::uint64_t kept) override;
  void on_refused(Error error) override;

  // SenderHost
  [[nodiscard]] Error introduce(OutboundLink& link) override;
  void link_opened(OutboundLink& link) override;
  void link_closed(std::unique_ptr<OutboundLink> link) override;
  void needs_attention() override { wake(); }
  void notify(Notice notice) override;

  Platform& platform_;
  // Owner: the program's thread. Visitor: the control thread.
  BiasedLock& lock_;
  // The label that the program wants, how often it has changed it, and whether the membership does
  // not know that yet.
  Label label_;
  std::uint64_t label_revision_ = 0;
  bool label_changed_ = false;
  // Which thread may use the reactor; outlives it.
  ReactorTurns turns_;
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<DoorbellSet> bells_;
  std::unique_ptr<DirectoryReader> directory_;
  // Counts the directories, since epochs of different ones may be equal.
  std::uint64_t directory_number_ = 0;
  Sender sender_;
  HandOverDesk desk_;
  Receiver receiver_;
  // This endpoint is an observer.
  const bool observes_;
  // Until release().
  std::unique_ptr<Membership> membership_;

  RegionTable& regions_;
  std::uint64_t region_listener_ = 0;
  // Some region was unmapped since the control thread looked last.
  std::atomic<bool> regions_unmapped_ = false;
  std::vector<Notice> notices_;
  std::uint64_t id_ = 0;
  Closing closing_;
  // Until the endpoint has joined.
  std::optional<TimePoint> join_deadline_;
  MemberChanges changes_;
  Departures departures_;
  // The directory has changed, or a link has closed: a member that left before may be reported now.
  bool changes_due_ = false;
  // Membership was asked for the next change of the directory.
  bool change_awaited_ = false;
  // Of the directory, as of the last time that everything was done about it. The directory itself
  // may have been read anew since, by a send of the program.
  std::uint64_t acted_epoch_ = 0;
  // Of the directory, when the senders' labels were taken from it.
  std::uint64_t followed_epoch_ = 0;
  // When to try again what failed because a descriptor or memory was missing.
  std::optional<TimePoint> repeat_at_;
  LinkWatches watches_;
  std::unique_ptr<Thread> preparing_;
};

}  // namespace busbar
