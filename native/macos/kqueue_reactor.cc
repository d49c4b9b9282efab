// The kernel reports ports level-triggered; events that it reports once are kept here until they
// are reported or forgotten.
//
//   channel, listener ── message in the queue ────────────────────┐
//   channel to write to ── notification: room, or the port died ──┼──> kqueue ──> wait()
//   bell ── notification of its name ── rung_ ────────────────────┤
//   process ── NOTE_EXIT ── ended_ ───────────────────────────────┘
#include "macos/kqueue_reactor.h"

#include <algorithm>
#include <array>
#include <set>
#include <unordered_map>
#include <utility>

#include "macos/kqueue.h"
#include "macos/mach_error.h"
#include "macos/mach_message.h"
#include "macos/notify_name_bell.h"
#include "macos/port_channel.h"
#include "macos/port_listener.h"

namespace busbar::macos_platform {
namespace {

// The token of the port for the kernel's notifications; callers must not use it.
constexpr std::uint64_t kNotices = 0;
// Set in a token: a greeting came for the channel whose token is the rest.
constexpr std::uint64_t kGreetingBit = 1ULL << 63U;
constexpr std::size_t kEventBatch = 64;
constexpr mach_port_msgcount_t kNoticeQueue = MACH_PORT_QLIMIT_LARGE;

// The readiness that one wait() reports.
class Report {
 public:
  explicit Report(std::span<Readiness> out) noexcept : out_(out) {}

  // nullptr: no room.
  [[nodiscard]] Readiness* entry(std::uint64_t token) noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      if (out_[i].token == token) return &out_[i];
    }
    if (count_ == out_.size()) return nullptr;
    out_[count_] = {};
    out_[count_].token = token;
    return &out_[count_++];
  }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t room() const noexcept { return out_.size() - count_; }

 private:
  std::span<Readiness> out_;
  std::size_t count_ = 0;
};

class KqueueReactor final : public Reactor {
 public:
  KqueueReactor(Kqueue queue, ReceiveRight notices, PortSet notice_set) noexcept
      : notices_(std::move(notices)),
        notice_set_(std::move(notice_set)),
        queue_(std::move(queue)) {}

  [[nodiscard]] Error watch(const Channel& channel, std::uint64_t token) override {
    const auto& own = static_cast<const PortChannel&>(channel);
    const Error error = watch_port(own.borrow_port(), token);
    if (error.ok()) watches_.at(token).channel = &own;
    return error;
  }

  [[nodiscard]] Error watch(const Listener& listener, std::uint64_t token) override {
    return watch_port(static_cast<const PortListener&>(listener).borrow_port(), token);
  }

  [[nodiscard]] Error watch(const NameBell& bell, std::uint64_t token) override {
    const auto& own = static_cast<const NotifyNameBell&>(bell);
    const Error error = watch_port(own.borrow_port(), token);
    if (!error.ok()) return error;
    watches_.at(token).bell = &own;
    // The bell may have been rung before this watch.
    rung_.insert(token);
    return {};
  }

  [[nodiscard]] Error watch_process(std::uint32_t pid, std::uint64_t token) override {
    if (pid == 0 || !is_free(token)) return {Status::InvalidArgument};
    // The kernel keeps one watch per process.
    const bool is_first = !processes_.contains(pid);
    if (is_first) {
      const auto lives = queue_.watch_process(pid);
      if (!lives) return lives.error();
      if (!lives.value()) ended_.insert(token);
    } else if (processes_.at(pid).ended) {
      ended_.insert(token);
    }
    Process& process = processes_[pid];
    process.tokens.insert(token);
    process.ended = process.ended || ended_.contains(token);
    watches_[token].pid = pid;
    return {};
  }

  void want_writable(std::uint64_t token) noexcept override {
    const auto found = watches_.find(token);
    if (found == watches_.end() || found->second.channel == nullptr) return;
    Watch& watch = found->second;
    watch.wants_writable = true;
    watch.channel->greet();
    const mach_port_t to = watch.channel->borrow_destination();
    if (to != MACH_PORT_NULL) return await_room(to, token);
    // No process has adopted the other end yet.
    auto set = set_of(watch.channel->borrow_greetings());
    if (set && queue_.watch(set.value(), token | kGreetingBit).ok()) {
      watch.greetings = set.take();
    } else {
      writable_.insert(token);
    }
  }

  void forget(std::uint64_t token) noexcept override {
    const auto found = watches_.find(token);
    if (found == watches_.end()) return;
    if (const std::uint32_t pid = found->second.pid; pid != 0) {
      Process& process = processes_.at(pid);
      process.tokens.erase(token);
      if (process.tokens.empty()) {
        if (!process.ended) queue_.forget_process(pid);
        processes_.erase(pid);
      }
    }
    ended_.erase(token);
    rung_.erase(token);
    writable_.erase(token);
    watches_.erase(found);
  }

  [[nodiscard]] std::size_t wait(std::optional<TimePoint> deadline,
                                 std::span<Readiness> out_ready) override {
    if (out_ready.empty()) return 0;
    Report report(out_ready);
    report_kept(report);
    std::array<struct kevent, kEventBatch> events;
    bool woken = false;
    // Not every event leads to a report.
    while (report.room() > 0) {
      const std::size_t room = std::min(report.room(), events.size());
      // With something to report, only poll for more.
      const auto until = report.count() > 0 ? std::optional(TimePoint()) : deadline;
      const std::size_t got = queue_.wait(until, std::span(events).first(room));
      for (std::size_t i = 0; i < got; ++i) {
        woken = woken || Kqueue::is_wake(events[i]);
        take(events[i], report);
      }
      report_kept(report);
      if (got == 0 || woken || report.count() > 0) break;
    }
    return report.count();
  }

  void wake() noexcept override { queue_.wake(); }

 private:
  struct Watch {
    PortSet set;
    // For a channel whose other end has not been adopted.
    PortSet greetings;
    const PortChannel* channel = nullptr;
    const NotifyNameBell* bell = nullptr;
    std::uint32_t pid = 0;
    bool wants_writable = false;
  };
  struct Process {
    std::set<std::uint64_t> tokens;
    bool ended = false;
  };

  [[nodiscard]] bool is_free(std::uint64_t token) const noexcept {
    return token != kNotices && (token & kGreetingBit) == 0 && !watches_.contains(token);
  }

  Error watch_port(mach_port_t port, std::uint64_t token) {
    if (!is_free(token)) return {Status::InvalidArgument};
    auto set = set_of(port);
    if (!set) return set.error();
    if (const Error error = queue_.watch(set.value(), token); !error.ok()) return error;
    watches_[token].set = set.take();
    return {};
  }

  // Asks the kernel for a notification when the port's queue has room, at once if it has.
  void await_room(mach_port_t to, std::uint64_t token) noexcept {
    mach_port_t previous = MACH_PORT_NULL;
    const kern_return_t code =
        mach_port_request_notification(mach_task_self(), to, MACH_NOTIFY_SEND_POSSIBLE, 1,
                                       notices_.name(), MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous);
    if (code == KERN_SUCCESS) {
      release_send(previous);
    } else {
      // The port died, or the request failed: the next send finds out.
      writable_.insert(token);
    }
  }

  void take(const struct kevent& event, Report& report) noexcept {
    if (Kqueue::is_wake(event)) return;
    if (Kqueue::is_process(event)) return note_end(static_cast<std::uint32_t>(event.ident));
    const std::uint64_t token = Kqueue::token_of(event);
    if (token == kNotices) return read_notices();
    const auto found = watches_.find(token & ~kGreetingBit);
    if (found == watches_.end()) return;
    Watch& watch = found->second;
    if ((token & kGreetingBit) != 0) {
      watch.greetings.reset();
      if (watch.wants_writable) want_writable(found->first);
      return;
    }
    if (watch.bell != nullptr) {
      watch.bell->hear();
      rung_.insert(token);
      return;
    }
    // There is room: no more events were requested than fit.
    if (Readiness* entry = report.entry(token); entry != nullptr) entry->readable = true;
  }

  void note_end(std::uint32_t pid) noexcept {
    const auto found = processes_.find(pid);
    if (found == processes_.end()) return;
    found->second.ended = true;
    ended_.insert(found->second.tokens.begin(), found->second.tokens.end());
  }

  void read_notices() noexcept {
    for (;;) {
      const auto message = receive_message(notices_.name());
      if (!message && message.status() == Status::WouldBlock) return;
      if (!message || !message.value().is_from_kernel) continue;
      // The notification carries a reference to the dead name.
      if (message.value().id == MACH_NOTIFY_DEAD_NAME) release_send(message.value().about);
      for (const auto& [token, watch] : watches_) {
        if (watch.wants_writable && watch.channel->borrow_destination() == message.value().about)
          writable_.insert(token);
      }
    }
  }

  // Reports the events that the kernel sends only once.
  void report_kept(Report& report) noexcept {
    for (const std::uint64_t token : ended_) {
      if (Readiness* entry = report.entry(token); entry != nullptr) entry->readable = true;
    }
    for (auto it = rung_.begin(); it != rung_.end();) {
      if (!watches_.at(*it).bell->is_rung()) {
        it = rung_.erase(it);
        continue;
      }
      if (Readiness* entry = report.entry(*it); entry != nullptr) entry->readable = true;
      ++it;
    }
    for (auto it = writable_.begin(); it != writable_.end();) {
      Readiness* entry = report.entry(*it);
      if (entry == nullptr) return;
      entry->writable = true;
      watches_.at(*it).wants_writable = false;
      it = writable_.erase(it);
    }
  }

  std::unordered_map<std::uint64_t, Watch> watches_;
  std::unordered_map<std::uint32_t, Process> processes_;
  std::set<std::uint64_t> ended_;
  std::set<std::uint64_t> rung_;
  std::set<std::uint64_t> writable_;
  ReceiveRight notices_;
  PortSet notice_set_;
  Kqueue queue_;
};

}  // namespace

Result<std::unique_ptr<Reactor>> create_kqueue_reactor() {
  auto queue = Kqueue::create();
  if (!queue) return queue.error();
  auto notices = create_port(kNoticeQueue);
  if (!notices) return notices.error();
  auto set = set_of(notices.value().name());
  if (!set) return set.error();
  if (const Error error = queue.value().watch(set.value(), kNotices); !error.ok()) return error;
  return std::unique_ptr<Reactor>(
      std::make_unique<KqueueReactor>(queue.take(), notices.take(), set.take()));
}

}  // namespace busbar::macos_platform
