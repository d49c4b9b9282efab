// busbar/session.hpp: what clients and servers of calls have in common; a part of busbar_rpc.hpp.
#ifndef BUSBAR_RPC_SESSION_HPP
#define BUSBAR_RPC_SESSION_HPP

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>

#include "busbar/error.hpp"
#include "busbar_rpc.h"

namespace busbar {
namespace rpc {

namespace detail {
class Core;
class ServedCall;
}  // namespace detail

// How a call is made. What is not set is as the client has it.
struct Options {
  // Which of the servers, by a label expression such as "kitchen & !spare". Empty: any.
  std::string to;
  // Or this server.
  std::uint64_t peer = 0;
  // How long the call may take; std::nullopt: as long as its server lives.
  std::optional<std::chrono::milliseconds> timeout;
  std::optional<Codec> codec;
  // The call that it is made for: it ends with that, and has its deadline and trace. See
  // Call::within.
  std::shared_ptr<detail::ServedCall> within;
};

struct SessionOptions {
  // Further labels of the endpoint, for the `to` of callers.
  std::vector<std::string> label;
  // A secret of all members.
  std::string token;
  // Everything else; its label, token, on_event and context are not used.
  busbar_join_options join{};
};

class Server;

struct ServeOptions {
  // Labels beside the names of the interface, for the `to` of callers.
  std::vector<std::string> label;
  // Methods that run at once; then calls wait in the queue; then they are refused as BUSY.
  std::size_t concurrency = 4096;
  std::size_t queue = 1024;
  // Of these, those of one caller, and its subscriptions.
  std::size_t per_caller = 1024;
  std::size_t subscriptions_per_caller = 1024;
  // Whether callers get the texts of errors that the interface does not declare.
  bool error_messages = true;
  // Hears of the errors of methods that callers get to see as HANDLER_FAILED or INVALID_RESULT.
  std::function<void(const std::string& method, const Error& error)> on_error;
};

// One endpoint on a bus, or one side of a wire (busbar/wire.hpp), with a thread that serves its
// calls. Copies are the same session, which leaves with the last of them, or when it is closed.
class Session {
 public:
  // Joins a bus; see busbar_endpoint_join.
  [[nodiscard]] static busbar::Result<Session> join(const char* bus,
                                                    const SessionOptions& options = {});
  // Ends all calls with CLOSED, and leaves the bus. Not on the session's own thread.
  void close();
  [[nodiscard]] std::uint64_t id() const noexcept;
  // For other calls of busbar.h than those that receive. Null over a wire.
  [[nodiscard]] busbar_endpoint* endpoint() const noexcept;
  // Serves an interface until the server is closed or destroyed. BUSBAR_INVALID_ARGUMENT: it is
  // served already, here or elsewhere. Otherwise as busbar_endpoint_relabel.
  Status serve(Server& server, ServeOptions options = {});
  [[nodiscard]] const std::shared_ptr<detail::Core>& core() const noexcept { return core_; }

  // Not for programs: the functions that open sessions make them.
  explicit Session(std::shared_ptr<detail::Core> core);

 private:
  std::shared_ptr<detail::Core> core_;
  std::shared_ptr<void> owner_;
};

// What comes next of something that may not be there yet.
template <typename T>
struct Next {
  std::optional<T> item;
  // Whether nothing more comes. Neither an item nor over: ask again later.
  bool over = false;
};

namespace detail {

// A frame as a call gets it. What it attaches is released unless the call takes it.
struct Frame {
  std::uint32_t kind = 0;
  Codec codec = Codec::messagepack;
  std::string_view payload;
  Attachments attachments;
  std::uint64_t peer = 0;
  // Its sender had waited for credit.
  bool starved = false;
  // What it counts against the credit of a stream.
  std::size_t size = 0;
};

// A payload with what goes beside it.
struct Encoded {
  std::string payload;
  Attachments attachments;
};

// Reads a whole payload as a value; returns the problem, empty for none.
template <typename T>
[[nodiscard]] std::string decode(Frame& frame, T& value) {
  Reader in(frame.payload, frame.codec, &frame.attachments);
  // Nothing is null.
  if (frame.payload.empty() && frame.codec == Codec::messagepack)
    in = Reader(std::string_view("\xC0", 1), frame.codec, nullptr);
  if constexpr (std::is_same_v<T, Nothing>) {
    (void)value, (void)in.skip();
  } else if (Coder<T>::read(in, value)) {
    (void)in.end();
  }
  return in.problem();
}

// Reads the items of a frame, of which there may be one or many.
template <typename T>
[[nodiscard]] std::string decode_items(Frame& frame, std::vector<T>& items) {
  Reader in(frame.payload, frame.codec, &frame.attachments);
  if (frame.kind == BUSBAR_RPC_ITEMS) {
    if (Coder<std::vector<T>>::read(in, items)) (void)in.end();
  } else {
    T item{};
    if (Coder<T>::read(in, item) && in.end()) items.push_back(std::move(item));
  }
  return in.problem();
}

struct Member {
  std::string interface_name;
  // `com.example.thermostat/1`.
  std::string label;
  std::string name;
  busbar_uuid type{};

  Member(const char* its_interface, std::uint32_t major, const char* its_name);
  // One that every server of the interface has, whatever that says.
  Member(const Member& of_interface, const char* its_name, const busbar_uuid& its_type);
};

class OutgoingStream;
struct Target;
struct Trace;

// A call that is not over. Its fields are the core's; functions are called on the session's thread
// without a lock, except where it says so.
class PendingCall : public std::enable_shared_from_this<PendingCall> {
 public:
  using Deadlines = std::multimap<Clock::time_point, std::function<void()>>;

  PendingCall(std::shared_ptr<Core> core, std::shared_ptr<const Member> member, std::uint32_t kind);
  PendingCall(const PendingCall&) = delete;
  PendingCall& operator=(const PendingCall&) = delete;
  virtual ~PendingCall() = default;

  // A result, the end of a stream, items, or a value that was watched.
  virtual void received(Frame& frame) = 0;
  // Over; called once, perhaps on another thread.
  virtual void failed(const Error& error) = 0;
  // Reads the data of a declared error; false if the interface declares no such error.
  virtual bool declared(Error& error, Frame& frame) = 0;
  // For a watch: its server is gone, and it goes on with another one.
  virtual void displaced() {}
  // For a watch: the server's first answer, or an emission.
  [[nodiscard]] bool is_watch() const noexcept { return kind == BUSBAR_RPC_SUBSCRIBE; }

  const std::shared_ptr<Core> core;
  // Its client may be gone before it.
  const std::shared_ptr<const Member> shared_member;
  const Member& member = *shared_member;
  const std::uint32_t kind;
  Encoded request;
  Codec codec = Codec::messagepack;
  bool idempotent = false;
  std::string to;
  std::uint64_t only = 0;
  Clock::time_point deadline = (Clock::time_point::max)();
  // The first window of its stream.
  std::uint32_t credit_items = 0;
  std::uint32_t credit_bytes = 0;
  // What the caller streams.
  std::shared_ptr<OutgoingStream> input;
  // The trace of the call that it is made for.
  std::shared_ptr<const Trace> trace;

  // The core's, under its lock.
  std::uint64_t peer = 0;
  std::uint64_t id = 0;
  std::uint64_t last_peer = 0;
  std::uint32_t attempt = 0;
  std::vector<std::uint64_t> tried;
  std::optional<Error> refusal;
  std::shared_ptr<std::uint64_t> affinity;
  bool settled = false;
  bool armed = false;
  Deadlines::iterator expiry;
};

// Begins a call. `options` are merged into it already.
void start(const std::shared_ptr<PendingCall>& call, const Options& options);
// Ends it with this error, and tells its server.
void cancel(PendingCall& call, const Error& error);
// Gives the server of a stream credit.
void grant(PendingCall& call, std::size_t items, std::size_t bytes);
// The servers that a call with this target could go to now.
[[nodiscard]] std::vector<std::uint64_t> candidates(Core& core, const Member& member,
                                                    const std::string& to);
[[nodiscard]] bool on_own_thread(const Core& core) noexcept;
// Runs something on the session's thread, soon.
void defer(Core& core, std::function<void()> task);
// Runs something on the session's thread after a while, unless the timer is gone by then.
[[nodiscard]] std::shared_ptr<void> make_timer(const std::shared_ptr<Core>& core,
                                               Clock::duration delay, std::function<void()> task);
// The server that a call is at; 0 for none.
[[nodiscard]] std::uint64_t server_of(PendingCall& call);

// The sending half of a stream. Items wait for credit; those of one turn go as one frame.
enum class Written { done, no_room, over };
struct Pulled {
  Encoded item;
  bool has_item = false;
  bool over = false;
  std::optional<Error> error;
};
[[nodiscard]] std::shared_ptr<OutgoingStream> make_input(PendingCall& call);
// Adds an item; with `wait`, and not on the session's thread, waits for credit.
[[nodiscard]] Written write(OutgoingStream& stream, Encoded item, bool wait);
[[nodiscard]] bool is_writable(OutgoingStream& stream);
// Asks `pull` for items while there is credit, on the session's thread. When it has none, it is
// asked again after resume().
void pull(const std::shared_ptr<OutgoingStream>& stream, std::function<Pulled()> pull);
void resume(OutgoingStream& stream);
// No more items.
void finish(OutgoingStream& stream);

// Items that have arrived and wait for their reader, and the credit for more.
template <typename T>
class Incoming {
 public:
  // Gives the sender credit.
  using Grant = std::function<void(std::size_t items, std::size_t bytes)>;

  Incoming(std::size_t items, std::size_t bytes, Grant grant)
      : items_(items),
        bytes_(static_cast<std::int64_t>(bytes)),
        whole_items_(items),
        whole_bytes_(bytes),
        grant_(std::move(grant)) {}

  // False: the sender was not allowed to send them.
  bool push(std::vector<T>&& items, std::size_t bytes, bool starved) {
    Ready ready;
    std::size_t more_items = 0;
    std::size_t more_bytes = 0;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (over_) return true;
      // The last frame may exceed the bytes: its size is known only once it is encoded.
      if (items.size() > items_ || bytes_ <= 0) return false;
      items_ -= items.size();
      bytes_ -= static_cast<std::int64_t>(bytes);
      const bool idle = chunks_.empty();
      if (!items.empty()) chunks_.push_back({std::move(items), 0, bytes});
      if (starved && idle) {
        more_items = (std::min)(most_items, whole_items_ * 2) - whole_items_;
        more_bytes = (std::min)(most_bytes, whole_bytes_ * 2) - whole_bytes_;
      }
      ready = ready_;
    }
    changed_.notify_all();
    if (more_items + more_bytes > 0) widen(more_items, more_bytes);
    if (ready) (*ready)();
    return true;
  }

  // Nothing more comes. What is here is given out first.
  void end(std::optional<Error> error) {
    Ready ready;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (over_) return;
      over_ = true;
      error_ = std::move(error);
      ready = std::move(ready_);
    }
    changed_.notify_all();
    if (ready) (*ready)();
  }

  // What comes next, if it is here.
  Next<T> poll() {
    Next<T> next;
    std::unique_lock<std::mutex> lock(mutex_);
    take(lock, next);
    return next;
  }

  // Waits for it; empty at the end.
  std::optional<T> next() {
    Next<T> next;
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return over_ || !chunks_.empty(); });
    take(lock, next);
    return std::move(next.item);
  }

  // Called whenever something has come; at once if something is here.
  void on_ready(std::function<void()> given) {
    const auto ready = std::make_shared<std::function<void()>>(std::move(given));
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ready_ = ready;
      if (chunks_.empty() && !over_) return;
    }
    (*ready)();
  }

  // Enlarges the window.
  void widen(std::size_t items, std::size_t bytes) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (over_) return;
      whole_items_ += items;
      whole_bytes_ += bytes;
      items += std::exchange(used_items_, 0);
      bytes += std::exchange(used_bytes_, 0);
      items_ += items;
      bytes_ += static_cast<std::int64_t>(bytes);
    }
    grant_(items, bytes);
  }

  [[nodiscard]] std::optional<Error> error() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return error_;
  }

  static constexpr std::size_t most_items = 65'536;
  static constexpr std::size_t most_bytes = std::size_t{16} << 20U;

 private:
  // Never copied: what is called may have a state of its own.
  using Ready = std::shared_ptr<std::function<void()>>;
  struct Chunk {
    std::vector<T> items;
    std::size_t head;
    std::size_t bytes;
  };

  // Unlocks to give credit.
  void take(std::unique_lock<std::mutex>& lock, Next<T>& next) {
    if (chunks_.empty()) {
      next.over = over_;
      return;
    }
    Chunk& chunk = chunks_.front();
    next.item = std::move(chunk.items[chunk.head]);
    if (++chunk.head < chunk.items.size()) return;
    used_items_ += chunk.items.size();
    used_bytes_ += chunk.bytes;
    chunks_.pop_front();
    // At half of a window the sender gets it back.
    if (over_ || (used_items_ * 2 < whole_items_ && used_bytes_ * 2 < whole_bytes_)) return;
    const std::size_t items = std::exchange(used_items_, 0);
    const std::size_t bytes = std::exchange(used_bytes_, 0);
    items_ += items;
    bytes_ += static_cast<std::int64_t>(bytes);
    lock.unlock();
    grant_(items, bytes);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Chunk> chunks_;
  std::size_t items_;
  std::int64_t bytes_;
  std::size_t whole_items_;
  std::size_t whole_bytes_;
  std::size_t used_items_ = 0;
  std::size_t used_bytes_ = 0;
  bool over_ = false;
  std::optional<Error> error_;
  Ready ready_;
  const Grant grant_;
};

// The first windows of a stream: to a caller, and to a server, which has not said anything yet.
constexpr std::uint32_t first_items = 256;
constexpr std::uint32_t first_bytes = 1U << 20U;
constexpr std::uint32_t input_items = 16;
constexpr std::uint32_t input_bytes = 64U << 10U;

}  // namespace detail

}  // namespace rpc
}  // namespace busbar

#endif
