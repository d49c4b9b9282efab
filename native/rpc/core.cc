// The thread of a session: receives, and does what is due.
#include "rpc/core.h"
#include "rpc/endpoint_port.h"

namespace busbar::rpc::detail {

namespace {

// Messages that are handled before what is packed or due gets its turn.
constexpr std::size_t kBurst = 64;
// Items that a stream is asked for before others get their turn.
constexpr int kPulls = 256;

}  // namespace

void Core::begin(std::shared_ptr<Port> port) {
  id_ = port->id();
  port_ = std::move(port);
  // The thread holds the session until it has ended.
  thread_ = std::thread([self = shared_from_this()] { self->run(); });
}

void Core::close() {
  {
    const Locked locked(*this);
    closing_ = true;
    wake();
  }
  if (on_own_thread()) {
    if (thread_.joinable()) thread_.detach();
    return;
  }
  const std::lock_guard<std::mutex> lock(joining_);
  if (thread_.joinable()) thread_.join();
}

void Core::told(std::int32_t kind, std::uint64_t peer, std::uint64_t message) {
  {
    const std::lock_guard<std::mutex> lock(events_mutex_);
    events_.push_back({kind, peer, message});
    has_events_.store(true, std::memory_order_release);
  }
  // The thread may be waiting, for a message only.
  const Locked locked(*this);
  wake();
}

void Core::run() {
  thread_id_.store(std::this_thread::get_id());
  // It stays as long as the thread runs.
  Port* const port = port_.get();
  std::size_t burst = 0;
  for (;;) {
    std::optional<Arrived> received;
    const busbar_status status = port->receive(0, received);
    if (status == BUSBAR_OK) {
      dispatch(std::move(*received));
      if (has_events_.load(std::memory_order_acquire)) handle_events();
      if (++burst < kBurst) continue;
    } else if (status != BUSBAR_WOULD_BLOCK) {
      break;
    }
    burst = 0;
    if (has_events_.load(std::memory_order_acquire)) handle_events();
    expire();
    const bool more = turn();
    flush();
    if (status == BUSBAR_OK || more) continue;
    {
      const Locked locked(*this);
      if (closing_) break;
    }
    sleep(*port);
  }
  end_all();
  std::shared_ptr<Port> leaving;
  {
    // Nobody changes its label now, or later.
    const std::lock_guard<std::mutex> lock(relabelling_);
    const Locked locked(*this);
    leaving = std::move(port_);
    port_ = nullptr;
  }
  leaving->close();
}

// Waits for a message, until the next deadline.
void Core::sleep(Port& port) {
  std::int32_t timeout = BUSBAR_FOREVER;
  {
    const Locked locked(*this);
    if (closing_ || has_events_.load(std::memory_order_acquire) || !tasks_.empty() ||
        !dirty_.empty() || !pulls_.empty() || !runnable_.empty()) {
      return;
    }
    sleeping_until_ = Clock::time_point::max();
    if (!deadlines_.empty()) {
      sleeping_until_ = deadlines_.begin()->first;
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(sleeping_until_ - Clock::now());
      if (left.count() <= 0) return;
      timeout = static_cast<std::int32_t>(std::min<std::int64_t>(left.count(), 1 << 30));
    }
    sleeping_ = true;
  }
  std::optional<Arrived> received;
  const busbar_status status = port.receive(timeout, received);
  {
    const Locked locked(*this);
    sleeping_ = false;
  }
  if (status == BUSBAR_OK) dispatch(std::move(*received));
}

// Under the lock.
void Core::wake() {
  if (!sleeping_ || port_ == nullptr) return;
  sleeping_ = false;
  port_->wake();
}

void Core::flush() {
  const Locked locked(*this);
  if (!corked_) return;
  corked_ = false;
  if (port_ != nullptr) port_->flush();
}

void Core::defer(std::function<void()> task) {
  const Locked locked(*this);
  tasks_.push_back(std::move(task));
  wake();
}

// Does what has been put off; returns whether there is more.
bool Core::turn() {
  std::vector<std::function<void()>> tasks;
  std::deque<ServedPtr> runnable;
  std::deque<std::shared_ptr<OutgoingStream>> pulls;
  {
    const Locked locked(*this);
    tasks.swap(tasks_);
    runnable.swap(runnable_);
    pulls.swap(pulls_);
    for (const auto& stream : pulls) stream->pull_queued = false;
  }
  for (const auto& task : tasks) task();
  for (const ServedPtr& call : runnable) run_call(call);
  for (const auto& stream : pulls) {
    for (int count = 0;; ++count) {
      std::shared_ptr<std::function<Pulled()>> pull;
      {
        const Locked locked(*this);
        if (stream->stopped || stream->pull == nullptr) break;
        if (!stream->may_add()) {
          stream->note_starved();
          break;
        }
        if (count == kPulls) {
          pull_soon(stream);
          break;
        }
        pull = stream->pull;
      }
      Pulled pulled = (*pull)();
      Locked locked(*this);
      // Destroyed without the lock, if it is the last.
      locked.keep(std::move(pull));
      if (pulled.has_item && !stream->stopped) {
        stream->append(std::move(pulled.item));
        continue;
      }
      if (pulled.error && !stream->finished) {
        stream->error = std::move(pulled.error);
        stream->finished = true;
        stream->flush();
      }
      if (pulled.over || stream->finished) locked.keep(std::move(stream->pull));
      break;
    }
  }
  std::deque<std::shared_ptr<OutgoingStream>> dirty;
  const Locked locked(*this);
  dirty.swap(dirty_);
  for (const auto& stream : dirty) {
    stream->dirty = false;
    stream->flush();
  }
  return !tasks_.empty() || !runnable_.empty() || !pulls_.empty() || !dirty_.empty();
}

void Core::handle_events() {
  std::vector<Event> events;
  {
    const std::lock_guard<std::mutex> lock(events_mutex_);
    events.swap(events_);
    has_events_.store(false, std::memory_order_relaxed);
  }
  Locked locked(*this);
  for (const Event& event : events) {
    switch (event.kind) {
      case BUSBAR_EVENT_UNDELIVERED: {
        // This call was surely not executed.
        const auto found = calls_.find(event.message);
        if (found == calls_.end() || found->second->peer != event.peer) break;
        const CallPtr call = found->second;
        again(locked, call);
        break;
      }
      case BUSBAR_EVENT_ROOM:
        room(locked, event.peer);
        break;
      case BUSBAR_EVENT_PEER_ENDED:
        ended(locked, event.peer);
        break;
      case BUSBAR_EVENT_DISCONNECTED:
      case BUSBAR_EVENT_VIOLATION:
        // A link that is closed stays closed: no answer comes back from there.
        cut_off_.insert(event.peer);
        gone(locked, event.peer);
        break;
      default:
        // One that has another label is still there; of one that has left, answers may follow.
        members_changed(locked);
    }
  }
}

// Everything that this peer had sent was received.
void Core::ended(Locked& locked, std::uint64_t peer) {
  cut_off_.erase(peer);
  gone(locked, peer);
  if (port_ != nullptr) port_->forget(peer);
  members_changed(locked);
}

void Core::expire() {
  std::vector<std::function<void()>> due;
  {
    const Locked locked(*this);
    if (deadlines_.empty()) return;
    const auto now = Clock::now();
    for (auto at = deadlines_.begin(); at != deadlines_.end() && at->first <= now; ++at) {
      due.push_back(at->second);
    }
  }
  for (const auto& expired : due) expired();
}

void Core::end_all() {
  std::vector<std::shared_ptr<Service>> services;
  Locked locked(*this);
  ended_ = true;
  closing_ = true;
  std::set<CallPtr> calls = std::move(waiting_);
  waiting_.clear();
  for (const auto& [id, call] : calls_) calls.insert(call);
  for (const auto& [peer, call] : held_) calls.insert(call);
  for (const CallPtr& call : calls) {
    send_cancel(locked, *call);
    finish(locked, *call,
           Error{"CLOSED", call->member.name + ": the session is closed",
                 call->peer == 0 ? Executed::no : Executed::maybe, call->peer});
    locked.keep(call);
  }
  std::vector<ServedPtr> served;
  for (const auto& [peer, record] : callers_) {
    for (const auto& [id, call] : record.calls) served.push_back(call);
  }
  for (const ServedPtr& call : served) {
    abort(locked, *call, Error{"CANCELLED", "the service was closed"});
    locked.keep(call);
  }
  for (const auto& service : services_) {
    locked.keep(service);
    service->is_served = false;
  }
  services_.clear();
  handlers_.clear();
  callers_.clear();
  for (const auto& stream : dirty_) locked.keep(stream);
  for (const auto& stream : pulls_) locked.keep(stream);
  for (const auto& [peer, stream] : waiting_streams_) locked.keep(stream);
  for (const auto& call : runnable_) locked.keep(call);
  dirty_.clear();
  pulls_.clear();
  runnable_.clear();
  waiting_streams_.clear();
  // What is deferred is destroyed, not done: it may hold the program's functions.
  auto tasks = std::make_shared<std::vector<std::function<void()>>>(std::move(tasks_));
  tasks_.clear();
  locked.keep(std::move(tasks));
  targets_.clear();
  serving_changed_.notify_all();
}

}  // namespace busbar::rpc::detail

namespace busbar::rpc {

namespace {

// Leaves the bus when the last copy of a session is gone.
struct Owner {
  explicit Owner(std::shared_ptr<detail::Core> its_core) : core(std::move(its_core)) {}
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;
  ~Owner() { core->close(); }
  std::shared_ptr<detail::Core> core;
};

}  // namespace

Session::Session(std::shared_ptr<detail::Core> core)
    : core_(std::move(core)), owner_(std::make_shared<Owner>(core_)) {}

busbar::Result<Session> Session::join(const char* bus, const SessionOptions& options) {
  auto core = std::make_shared<detail::Core>(options.label);
  auto port = std::make_shared<detail::EndpointPort>(*core);
  const Status status = port->join(bus, options);
  if (!status) return status;
  core->begin(std::move(port));
  return Session(std::move(core));
}

void Session::close() { core_->close(); }

std::uint64_t Session::id() const noexcept { return core_->id(); }

busbar_endpoint* Session::endpoint() const noexcept {
  const std::shared_ptr<detail::Port> port = core_->port();
  return port == nullptr ? nullptr : port->endpoint();
}

}  // namespace busbar::rpc
