// Level-triggered epoll.
#include "linux/epoll_reactor.h"

#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <unordered_map>
#include <utility>

#include "linux/eventfd_wake.h"
#include "linux/fifo_name_bell.h"
#include "linux/seqpacket_channel.h"
#include "linux/unix_socket_listener.h"
#include "posix/file_descriptor.h"

namespace busbar::linux_platform {

using posix::borrow_descriptor;
using posix::error_of;
using posix::own_descriptor;

namespace {

constexpr std::uint64_t kWakeToken = 0;
// Events taken by one system call; the next wait() reports the others.
constexpr std::size_t kReactorBatch = 64;

Error change(int epoll, int operation, int fd, std::uint32_t events, std::uint64_t token) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  if (::epoll_ctl(epoll, operation, fd, &event) == 0) return {};
  switch (errno) {
    case EEXIST:
      return {Status::InvalidArgument, errno};
    case ENOSPC:
      return {Status::LimitExceeded, errno};
    default:
      return error_of(errno);
  }
}

// A descriptor that is readable once process `pid` has ended, reaped or not.
Result<Handle> open_process(std::uint32_t pid) {
  const long fd = ::syscall(SYS_pidfd_open, pid, 0);
  if (fd >= 0) return own_descriptor(static_cast<int>(fd));
  // EINVAL: a number that no process can have, or the id of a thread that is not a process.
  if (errno == ESRCH || errno == EINVAL) return create_eventfd(1);
  return error_of(errno);
}

std::chrono::nanoseconds time_until(TimePoint deadline) noexcept {
  const TimePoint now = std::chrono::steady_clock::now();
  return deadline > now ? deadline - now : std::chrono::nanoseconds::zero();
}

int wait_milliseconds(int epoll, epoll_event* events, int room,
                      const std::optional<TimePoint>& deadline) noexcept {
  int timeout_ms = -1;
  if (deadline) {
    // Rounded up; otherwise the last fraction of a millisecond would be a busy loop.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(time_until(*deadline)).count();
    timeout_ms = static_cast<int>(std::min<long long>(left, std::numeric_limits<int>::max()));
  }
  return ::epoll_wait(epoll, events, room, timeout_ms);
}

// epoll_pwait2 takes nanoseconds but needs Linux 5.11, and we run on older kernels.
int wait_once(int epoll, epoll_event* events, int room,
              const std::optional<TimePoint>& deadline) noexcept {
#ifdef SYS_epoll_pwait2
  if (deadline) {
    // The kernel's own layout of a 64-bit timespec; the C library's may differ on 32-bit machines.
    struct {
      std::int64_t seconds;
      std::int64_t nanoseconds;
    } timeout{};
    const std::int64_t left = time_until(*deadline).count();
    timeout.seconds = left / 1'000'000'000;
    timeout.nanoseconds = left % 1'000'000'000;
    const long got = ::syscall(SYS_epoll_pwait2, epoll, events, room, &timeout, nullptr, 0);
    // EPERM: the answer of seccomp filters in old containers to system calls that they do not know.
    if (got >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(got);
  }
#endif
  return wait_milliseconds(epoll, events, room, deadline);
}

class EpollReactor final : public Reactor {
 public:
  EpollReactor(Handle epoll, Handle wake) noexcept
      : wake_(std::move(wake)), epoll_(std::move(epoll)) {}

  [[nodiscard]] Error watch(const Channel& channel, std::uint64_t token) override {
    return watch_descriptor(static_cast<const SeqpacketChannel&>(channel).borrow_socket(), Handle(),
                            token);
  }

  [[nodiscard]] Error watch(const Listener& listener, std::uint64_t token) override {
    const auto& door = static_cast<const UnixSocketListener&>(listener);
    const Error error = watch_descriptor(door.borrow_socket(), Handle(), token);
    const int name = door.borrow_name_watch();
    // If this fails, the holder notices the loss of the name when it next checks the name.
    if (error.ok() && name >= 0 &&
        change(borrow_descriptor(epoll_), EPOLL_CTL_ADD, name, EPOLLIN, token).ok()) {
      watches_[token].second_fd = name;
    }
    return error;
  }

  [[nodiscard]] Error watch(const NameBell& bell, std::uint64_t token) override {
    return watch_descriptor(static_cast<const FifoNameBell&>(bell).borrow_fifo(), Handle(), token);
  }

  [[nodiscard]] Error watch_process(std::uint32_t pid, std::uint64_t token) override {
    if (pid == 0) return {Status::InvalidArgument};
    Result<Handle> process = open_process(pid);
    if (!process) return process.error();
    const int fd = borrow_descriptor(process.value());
    return watch_descriptor(fd, process.take(), token);
  }

  void want_writable(std::uint64_t token) noexcept override {
    change_watch(token, [](Watch& watch) { watch.wants_writable = true; });
  }

  void pause(std::uint64_t token) noexcept override {
    change_watch(token, [](Watch& watch) { watch.paused = true; });
  }

  void resume(std::uint64_t token) noexcept override {
    change_watch(token, [](Watch& watch) { watch.paused = false; });
  }

  void forget(std::uint64_t token) noexcept override {
    const auto found = watches_.find(token);
    if (found == watches_.end()) return;
    const Watch& watch = found->second;
    ::epoll_ctl(borrow_descriptor(epoll_), EPOLL_CTL_DEL, watch.fd, nullptr);
    if (watch.second_fd >= 0)
      ::epoll_ctl(borrow_descriptor(epoll_), EPOLL_CTL_DEL, watch.second_fd, nullptr);
    watches_.erase(found);
  }

  [[nodiscard]] std::size_t wait(std::optional<TimePoint> deadline,
                                 std::span<Readiness> out_ready) override {
    if (out_ready.empty()) return 0;
    std::array<epoll_event, kReactorBatch> events;
    const int room = static_cast<int>(std::min(out_ready.size(), events.size()));
    int got = 0;
    do {
      got = wait_once(borrow_descriptor(epoll_), events.data(), room, deadline);
    } while (got < 0 && errno == EINTR);
    std::size_t count = 0;
    for (int i = 0; i < got; ++i) {
      if (events[i].data.u64 == kWakeToken) {
        drain_eventfd(borrow_descriptor(wake_));
      } else {
        out_ready[count++] = readiness_of(events[i]);
      }
    }
    return count;
  }

  void wake() noexcept override { ring_eventfd(borrow_descriptor(wake_)); }

 private:
  struct Watch {
    int fd = -1;
    // Of a listener: reports changes of its name.
    int second_fd = -1;
    // Set if the reactor opened the descriptor itself (pidfd).
    Handle owned;
    bool wants_writable = false;
    bool paused = false;
  };

  Error watch_descriptor(int fd, Handle owned, std::uint64_t token) {
    if (token == kWakeToken || watches_.contains(token)) return {Status::InvalidArgument};
    const Error error = change(borrow_descriptor(epoll_), EPOLL_CTL_ADD, fd, EPOLLIN, token);
    if (error.ok()) watches_.emplace(token, Watch{.fd = fd, .owned = std::move(owned)});
    return error;
  }

  template <typename Change>
  void change_watch(std::uint64_t token, Change change_it) noexcept {
    const auto found = watches_.find(token);
    if (found == watches_.end()) return;
    Watch& watch = found->second;
    change_it(watch);
    // EPOLLHUP is always reported, when the peer is gone; EPOLLRDHUP when it only stopped sending.
    const std::uint32_t events = (watch.paused ? EPOLLRDHUP : EPOLLIN) |
                                 (watch.wants_writable ? EPOLLOUT : std::uint32_t{0});
    // Fails only for a descriptor that was closed without forget(), a breach of the contract.
    [[maybe_unused]] const Error error =
        change(borrow_descriptor(epoll_), EPOLL_CTL_MOD, watch.fd, events, token);
  }

  Readiness readiness_of(const epoll_event& event) noexcept {
    Readiness ready;
    ready.token = event.data.u64;
    // A receive finds an error or the end of the peer, and so does a send that was waiting.
    const bool ended = (event.events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0;
    ready.readable = ended || (event.events & EPOLLIN) != 0;
    const auto found = watches_.find(ready.token);
    if (found != watches_.end() && found->second.wants_writable) {
      ready.writable = ended || (event.events & EPOLLOUT) != 0;
      if (ready.writable)
        change_watch(ready.token, [](Watch& watch) { watch.wants_writable = false; });
    }
    return ready;
  }

  std::unordered_map<std::uint64_t, Watch> watches_;
  Handle wake_;
  Handle epoll_;  // destroyed first, with all its watches
};

}  // namespace

Result<std::unique_ptr<Reactor>> create_epoll_reactor() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return error_of(errno);
  Handle epoll = own_descriptor(fd);
  Result<Handle> wake = create_eventfd(0);
  if (!wake) return wake.error();
  const Error error =
      change(fd, EPOLL_CTL_ADD, borrow_descriptor(wake.value()), EPOLLIN, kWakeToken);
  if (!error.ok()) return error;
  return std::unique_ptr<Reactor>(std::make_unique<EpollReactor>(std::move(epoll), wake.take()));
}

}  // namespace busbar::linux_platform
