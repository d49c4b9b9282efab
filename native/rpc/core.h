// A session from inside: its port, its thread, the calls made here and the calls served here.
// One lock guards all of it; functions of the program are called, and destroyed, without it.
#ifndef BUSBAR_RPC_CORE_H
#define BUSBAR_RPC_CORE_H

#include <atomic>
#include <deque>
#include <map>
#include <set>
#include <thread>
#include <unordered_map>

#include "busbar_rpc.hpp"
#include "rpc/outgoing_stream.h"
#include "rpc/port.h"
#include "rpc/service.h"

namespace busbar::rpc::detail {

using CallPtr = std::shared_ptr<PendingCall>;
using ServedPtr = std::shared_ptr<ServedCall>;

// What the core keeps about a peer that calls.
struct CallerRecord {
  std::unordered_map<std::uint64_t, ServedPtr> calls;
  std::unordered_map<std::uint64_t, std::pair<ServedMember*, std::shared_ptr<Service>>>
      subscriptions;
};

class Core final : public PortHost, public std::enable_shared_from_this<Core> {
 public:
  // The lock of a core. What is to be done, or destroyed, without it is done at the end.
  class Locked {
   public:
    explicit Locked(Core& core) : lock_(core.mutex_) {}
    Locked(const Locked&) = delete;
    Locked& operator=(const Locked&) = delete;
    ~Locked() {
      lock_.unlock();
      for (const auto& task : tasks_) task();
    }
    void later(std::function<void()> task) { tasks_.push_back(std::move(task)); }
    void keep(std::shared_ptr<void> object) { kept_.push_back(std::move(object)); }
    std::unique_lock<std::mutex>& lock() noexcept { return lock_; }

   private:
    std::vector<std::shared_ptr<void>> kept_;
    std::vector<std::function<void()>> tasks_;
    std::unique_lock<std::mutex> lock_;
  };

  explicit Core(std::vector<std::string> label) : label_(std::move(label)) {}
  // Starts the thread. Called once.
  void begin(std::shared_ptr<Port> port);
  // Ends everything, and waits for the thread unless it is this one.
  void close();

  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
  // Null once the session has ended.
  [[nodiscard]] std::shared_ptr<Port> port() {
    const Locked locked(*this);
    return port_;
  }
  [[nodiscard]] bool on_own_thread() const noexcept {
    return std::this_thread::get_id() == thread_id_.load(std::memory_order_relaxed);
  }
  void defer(std::function<void()> task);
  void told(std::int32_t kind, std::uint64_t peer, std::uint64_t message) override;

  // --- frames (frames.cc) ---
  Posted post(std::uint64_t peer, const busbar_uuid& type, std::uint16_t format,
              std::uint64_t reply_to, const Encoded& body, Bytes metadata);
  // A frame about a call to its other side; without room it waits. The caller knows what is too
  // large.
  Posted post_answer(Locked& locked, std::uint64_t peer, std::uint64_t call, std::uint16_t format,
                     Encoded body, Bytes metadata = {});
  void post_credit(Locked& locked, std::uint64_t peer, std::uint64_t call, std::uint32_t flags,
                   std::size_t items, std::size_t bytes);
  [[nodiscard]] bool has_backlog(std::uint64_t peer) const { return backlogs_.count(peer) != 0; }
  void wait_for_room(std::uint64_t peer, const std::shared_ptr<OutgoingStream>& stream) {
    waiting_streams_.emplace(peer, stream);
  }
  void wake();

  // --- calls (caller.cc) ---
  void start(const CallPtr& call);
  void cancel(PendingCall& call, const Error& error);
  std::vector<std::uint64_t> candidates(const std::string& label, const std::string& to);

  // --- serving (server.cc, serving.cc) ---
  Status serve(Server& server, const std::shared_ptr<Service>& service);
  void remove(Service& service, std::chrono::milliseconds linger);
  void answer(Locked& locked, ServedCall& call, std::uint32_t kind, Encoded body);
  void fail(Locked& locked, ServedCall& call, const Error& error);
  void release(ServedCall& call);
  // The method has answered: its place is free before the caller can know.
  void free_place(ServedCall& call);
  // Sends the last frame of a stream.
  void end_stream(ServedCall& call, OutgoingStream& stream);
  void count_failure(ServedMember& member);
  void give_input(ServedCall& call, ServedInputBase& input, Arrived& message,
                  const busbar_message_info& info);
  void emit(Service& service, const ServedMember& member, const Encoded& body, bool newest_only);

  // --- streams (outgoing_stream.cc) ---
  void flush_soon(const std::shared_ptr<OutgoingStream>& stream);
  void pull_soon(const std::shared_ptr<OutgoingStream>& stream);

  std::mutex mutex_;

 private:
  struct Event {
    std::int32_t kind;
    std::uint64_t peer;
    std::uint64_t message;
  };
  struct Waiting {
    std::uint64_t call;
    std::uint16_t format;
    Encoded body;
    std::vector<std::byte> metadata;
    // An error, because the answer could not be sent.
    bool unsendable = false;
  };
  struct Backlog {
    std::deque<Waiting> frames;
    std::size_t bytes = 0;
  };
  using Type = std::array<std::uint8_t, 16>;

  // The thread (core.cc).
  void run();
  bool turn();
  void sleep(Port& port);
  void handle_events();
  void ended(Locked& locked, std::uint64_t peer);
  void expire();
  void end_all();
  void flush();

  // Frames (frames.cc).
  void dispatch(Arrived message);
  static Frame frame_of(Arrived& message, const busbar_message_info& info);
  void room(Locked& locked, std::uint64_t peer);
  static bool make_unsendable(Waiting& frame);
  void send_backlog(Locked& locked, std::uint64_t peer);

  // Calls (caller.cc).
  void answered(Arrived& message, const busbar_message_info& info);
  void emitted(Arrived& message, const busbar_message_info& info);
  void gone(Locked& locked, std::uint64_t peer);
  // The peer has no calls of this side any more.
  void server_gone(Locked& locked, std::uint64_t peer);
  void members_changed(Locked& locked);
  std::shared_ptr<Target> target(const std::string& label, const std::string& to, Error* error);
  const std::vector<std::uint64_t>& peers_of(Target& target);
  void place(Locked& locked, const CallPtr& call);
  std::uint64_t choose(PendingCall& call, const std::vector<std::uint64_t>& peers);
  Posted post_call(Locked& locked, const CallPtr& call, std::uint64_t peer);
  void again(Locked& locked, const CallPtr& call);
  void forget(Locked& locked, PendingCall& call);
  void leave_server(Locked& locked, PendingCall& call);
  void finish(Locked& locked, PendingCall& call, const Error& error);
  void expired(const CallPtr& call);
  void send_cancel(Locked& locked, const PendingCall& call);
  static Error read_error(PendingCall& call, Frame& frame);

  // Serving (server.cc, serving.cc).
  void accept(Arrived message, const busbar_message_info& info);
  void from_caller(Arrived& message, const busbar_message_info& info);
  void keep_input(Locked& locked, ServedCall& call, Arrived& message,
                  const busbar_message_info& info);
  void subscribe(Locked& locked, const busbar_message_info& info, ServedMember& member,
                 const std::shared_ptr<Service>& service);
  void run_call(const ServedPtr& call);
  void done(Locked& locked, ServedCall& call);
  void drop(Locked& locked, ServedCall& call, const char* reason);
  void abort(Locked& locked, ServedCall& call, const Error& error);
  void caller_gone(Locked& locked, std::uint64_t peer);
  void refuse(Locked& locked, const busbar_message_info& info, const Error& error);
  void busy(Locked& locked, const busbar_message_info& info, const Service& service);
  bool built_in(Locked& locked, const busbar_message_info& info);
  void write_stats(Writer& out, const Service& service) const;
  void served_expired(const ServedPtr& call);
  void end_subscription(Locked& locked, CallerRecord& record, std::uint64_t id);
  Status relabel();

  std::uint64_t id_ = 0;
  std::thread thread_;
  std::atomic<std::thread::id> thread_id_{};
  std::mutex joining_;
  std::mutex relabelling_;
  std::vector<std::string> label_;

  // Under the lock; null once the session has ended.
  std::shared_ptr<Port> port_;
  bool closing_ = false;
  bool ended_ = false;
  bool sleeping_ = false;
  Clock::time_point sleeping_until_{};
  bool corked_ = false;
  std::vector<std::function<void()>> tasks_;
  std::deque<std::shared_ptr<OutgoingStream>> dirty_;
  std::deque<std::shared_ptr<OutgoingStream>> pulls_;
  std::deque<ServedPtr> runnable_;
  PendingCall::Deadlines deadlines_;
  std::unordered_map<std::uint64_t, Backlog> backlogs_;
  // How often a peer took too few of its answers.
  std::uint64_t overruns_ = 0;
  std::multimap<std::uint64_t, std::shared_ptr<OutgoingStream>> waiting_streams_;

  std::unordered_map<std::uint64_t, CallPtr> calls_;
  // Calls under way at each server.
  std::unordered_map<std::uint64_t, std::size_t> loads_;
  std::set<CallPtr> waiting_;
  // Calls whose server has no room in its queue.
  std::multimap<std::uint64_t, CallPtr> held_;
  std::map<std::pair<std::uint64_t, Type>, std::vector<CallPtr>> watching_;
  std::map<std::string, std::shared_ptr<Target>> targets_;
  std::set<std::uint64_t> cut_off_;
  std::size_t turn_ = 0;

  std::map<Type, std::pair<ServedMember*, std::shared_ptr<Service>>> handlers_;
  std::vector<std::shared_ptr<Service>> services_;
  std::unordered_map<std::uint64_t, CallerRecord> callers_;
  std::condition_variable serving_changed_;

  // Filled by told(), wherever it runs.
  std::mutex events_mutex_;
  std::vector<Event> events_;
  std::atomic<bool> has_events_{false};

  friend class OutgoingStream;
  friend class Timer;
};

[[nodiscard]] inline std::array<std::uint8_t, 16> type_of(const busbar_uuid& uuid) noexcept {
  std::array<std::uint8_t, 16> type{};
  std::copy(std::begin(uuid.bytes), std::end(uuid.bytes), type.begin());
  return type;
}

// The codec that a message is answered in.
[[nodiscard]] inline Codec answer_codec(const busbar_message_info& info) noexcept {
  return busbar_rpc_codec(info.format) == BUSBAR_RPC_JSON ? Codec::json : Codec::messagepack;
}
[[nodiscard]] inline std::uint16_t answer_format(std::uint32_t kind, Codec codec) noexcept {
  return busbar_rpc_format(kind, static_cast<std::uint32_t>(codec), 0);
}

// Of a region, what counts against the credit of a stream.
constexpr std::size_t kRegionBytes = 64U << 10U;
[[nodiscard]] std::size_t attached_bytes(const Attachments& attachments);

// The version of its interface, as its model has it.
[[nodiscard]] std::string version_of(const Service& service);

// A payload that is a map of a few texts and numbers, as the layer's own answers are.
[[nodiscard]] Encoded error_body(Codec codec, const Error& error);

}  // namespace busbar::rpc::detail

#endif
