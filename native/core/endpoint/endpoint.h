// Endpoint: one member of one bus, as the program's thread sees it: each call takes the lock, does
// one thing and returns. The control thread's work is EndpointControl's. The two threads meet at
// the lock, which is never held while the program's code runs or anything waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/endpoint/biased_lock.h"
#include "core/endpoint/endpoint_control.h"
#include "core/endpoint/endpoint_options.h"
#include "core/endpoint/notice.h"

namespace busbar {

struct EndpointCounters {
  SenderCounters sent;
  std::uint64_t received_messages = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t outbound_links = 0;
  std::uint64_t inbound_links = 0;
  std::uint64_t parked = 0;
};

class Endpoint final {
 public:
  // Checks the options and makes the kernel objects; nothing is visible to others before start().
  [[nodiscard]] static Result<std::unique_ptr<Endpoint>> create(Platform& platform,
                                                                EndpointOptions options);
  // Stops at once if close() was not awaited. Waits for the control thread.
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  // Begins to join; the outcome is a JoinedNotice or a RefusedNotice. OutOfMemory when no
  // thread can be had.
  [[nodiscard]] Error start();
  // Joins without a control thread: the program calls serve() whenever something may have
  // happened, until the ClosedNotice has come. For tests that decide the order of everything.
  void start_without_thread();
  // One turn of the control thread's work, without waiting. False when all is done.
  bool serve();
  // Begins to leave: queued messages have `linger` to go out. Ends with a ClosedNotice. Repeated
  // calls may shorten it.
  void close(std::chrono::milliseconds linger);
  // Waits until the control thread has ended; close() first. For teardown without an event loop.
  void join_thread();
  // After join_thread(): gives all kernel objects back. Every later call finds the endpoint closed.
  void release();

  // What the program's thread sleeps on: ready when there are messages or notices.
  [[nodiscard]] DoorbellSet& bells() noexcept { return control_.bells(); }
  [[nodiscard]] std::vector<Notice> take_notices();

  // 0: the limit of routes is reached.
  [[nodiscard]] std::uint32_t add_route(SelectorProgram program, bool unicast, bool exclude_self);
  void release_route(std::uint32_t route);
  [[nodiscard]] SendOutcome send(const SendRequest& request);
  void flush_bells();
  // Room for a payload in the shared memory of the one receiver that a unicast route finds, written
  // by the caller until commit() or cancel(); one at a time. Where the ring has none, it is memory
  // of this process.
  [[nodiscard]] SendOutcome reserve(std::uint32_t route, std::size_t bytes, Reservation& out,
                                    std::span<const std::byte> metadata = {});
  [[nodiscard]] SendOutcome commit(const Reservation& reservation, const Uuid& type,
                                   std::uint16_t format);
  void cancel(const Reservation& reservation);
  void forget_delivery(std::uint64_t delivery);
  // One DrainedNotice, at once if no message is queued.
  void ask_drained();
  // The members that match now.
  [[nodiscard]] std::vector<Member> matches(std::uint32_t route);
  [[nodiscard]] std::size_t count_matches(std::uint32_t route);

  // Notes which doorbells rang. True when there may be something to receive.
  [[nodiscard]] bool collect_bells();
  void receive(ReceiveBatch& batch);
  [[nodiscard]] bool receive_large(std::span<std::byte> payload, ReceivedMessage& out);
  // The encoded origin of the message that receive_large() or borrow() returned last.
  [[nodiscard]] std::vector<std::byte> last_origin();
  // Its metadata, until the next message is received or borrowed.
  [[nodiscard]] std::span<const std::byte> last_metadata();
  // See Receiver. Follows each receive() and receive_large(); `waiting` of a program that keeps
  // none back is 0.
  void taken(std::size_t waiting = 0, std::span<const ReceivedMessage> rows = {});
  // Before close(), of a program that knows what it keeps back.
  void hand_back(std::size_t waiting, std::span<const ReceivedMessage> rows = {});
  // See Receiver::borrow().
  [[nodiscard]] bool borrow(ReceivedMessage& out, std::span<const std::byte>& out_payload);
  void return_borrowed();
  // Waits actively for at most `limit`, if that is likely to help. True when something came.
  [[nodiscard]] bool spin(std::chrono::microseconds limit);
  // Announces sleep; false when there is something to receive after all.
  [[nodiscard]] bool sleep();
  // The message is handled (Ok), or never will be, and why; see Receiver::settle().
  void settle(std::uint32_t link_slot, std::uint64_t position, Status status = Status::Ok);
  // The sender of an inbound link; nullopt for an unknown slot. Known until forget_peer(), also
  // after its LinkClosedNotice.
  [[nodiscard]] std::optional<Member> peer(std::uint32_t link_slot);
  void forget_peer(std::uint32_t link_slot);
  // Of an endpoint with `keeps_seen`: where to note what the program gets of an inbound link:
  // before each message, the low half of its position. Empty for an unknown slot.
  [[nodiscard]] InboundLink::SeenWord seen_word(std::uint32_t link_slot);

  // All members of the bus except observers, this endpoint included, as of now.
  [[nodiscard]] std::vector<Member> members();
  // All observers of the bus as of now.
  [[nodiscard]] std::vector<Member> observers();
  // See EndpointControl.
  [[nodiscard]] std::optional<std::vector<Member>> members_unless(MembersSeen& seen);
  // From now on changes of the membership are reported by PeersNotice (or no longer). Returns
  // members() of that moment.
  std::vector<Member> report_members(bool wanted);
  void report_undelivered(bool wanted);
  // This endpoint has another label from now on. Returns the revision of the label, which grows
  // with each call; a RelabelledNotice with it, or with a later one, follows once every member sees
  // it. Closed: the endpoint has not joined, or is closing.
  [[nodiscard]] Result<std::uint64_t> relabel(Label label);

  [[nodiscard]] std::uint64_t id();
  [[nodiscard]] bool is_controller();
  [[nodiscard]] std::uint64_t controller_id();
  [[nodiscard]] std::uint64_t generation();
  [[nodiscard]] EndpointCounters counters();

 private:
  Endpoint(Platform& platform, EndpointOptions options, std::unique_ptr<Reactor> reactor,
           std::unique_ptr<DoorbellSet> bells);

  [[nodiscard]] SendOutcome send_spilled(SendRequest request);

  Platform& platform_;
  const std::chrono::milliseconds join_timeout_;
  // Owner: the program's thread. Visitor: the control thread.
  BiasedLock lock_;
  EndpointControl control_;
  // start() or start_without_thread() was called.
  bool started_ = false;
  // nullptr before start() and without a thread.
  std::unique_ptr<Thread> thread_;
};

}  // namespace busbar
