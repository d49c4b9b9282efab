// Edge-triggered epoll over doorbells.
//
//   bell A (socket)  --+
//   bell B (socket)  --+--> epoll set --> pollable() in the event loop, or wait()
//   raise()(eventfd) --+        |
//                               +------> collect(): takes the edges
#include "linux/epoll_doorbell_set.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <span>
#include <unordered_map>
#include <utility>

#include "linux/eventfd_wake.h"
#include "linux/shutdown_doorbell.h"
#include "posix/file_descriptor.h"

namespace busbar::linux_platform {

using posix::borrow_descriptor;
using posix::error_of;
using posix::own_descriptor;

namespace {

constexpr std::uint64_t kRaiseToken = 0;
// Edges taken by one system call. A guess: twice the number of links that are busy at a time.
constexpr std::size_t kBatch = 64;

Error listen_for_edges(int epoll, int fd, std::uint64_t token) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.u64 = token;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return {};
  switch (errno) {
    case EPERM:   // not pollable
    case ELOOP:   // a chain or circle of epoll sets
    case EINVAL:  // this set itself
    case EBADF:
      return {Status::ProtocolViolation, errno};
    case ENOSPC:
      return {Status::LimitExceeded, errno};
    default:
      return error_of(errno);
  }
}

class EpollDoorbellSet final : public DoorbellSet {
 public:
  EpollDoorbellSet(Handle epoll, Handle raise) noexcept
      : raise_(std::move(raise)), epoll_(std::move(epoll)) {}

  [[nodiscard]] Error add(Handle bell, std::uint64_t token) override {
    if (!bell.valid() || token == kRaiseToken || bells_.contains(token)) {
      return {Status::InvalidArgument};
    }
    const int fd = borrow_descriptor(bell);
    if (!is_shutdown_doorbell(fd)) return {Status::ProtocolViolation};
    const Error error = listen_for_edges(borrow_descriptor(epoll_), fd, token);
    if (error.ok()) bells_.emplace(token, std::move(bell));
    return error;
  }

  void remove(std::uint64_t token) noexcept override {
    const auto found = bells_.find(token);
    if (found == bells_.end()) return;
    // close() alone does not end the watch: it lasts while another process has the socket open.
    ::epoll_ctl(borrow_descriptor(epoll_), EPOLL_CTL_DEL, borrow_descriptor(found->second),
                nullptr);
    bells_.erase(found);
  }

  void raise() noexcept override { ring_eventfd(borrow_descriptor(raise_)); }

  [[nodiscard]] std::size_t collect(std::span<std::uint64_t> out_tokens) noexcept override {
    // A finished wait() has taken edges from the kernel already.
    if (slept_for_count_.load(std::memory_order_acquire) != 0) return collect_slept_for(out_tokens);
    std::array<epoll_event, kBatch> events;
    std::size_t count = 0;
    while (count < out_tokens.size()) {
      const std::size_t room = std::min(out_tokens.size() - count, events.size());
      const int got =
          ::epoll_wait(borrow_descriptor(epoll_), events.data(), static_cast<int>(room), 0);
      if (got <= 0) break;
      for (int i = 0; i < got; ++i) out_tokens[count++] = events[i].data.u64;
      if (static_cast<std::size_t>(got) < room) break;
    }
    return count;
  }

  void wait(int timeout_ms) noexcept override {
    using std::chrono::milliseconds;
    using std::chrono::steady_clock;
    if (slept_for_count_.load(std::memory_order_acquire) != 0) return;
    const auto end = steady_clock::now() + milliseconds(std::max(timeout_ms, 0));
    for (;;) {
      const int got = ::epoll_wait(borrow_descriptor(epoll_), slept_for_.data(),
                                   static_cast<int>(kBatch), timeout_ms);
      if (got > 0) slept_for_count_.store(static_cast<std::size_t>(got), std::memory_order_release);
      // Signals do not end the sleep.
      if (got >= 0 || errno != EINTR) return;
      if (timeout_ms < 0) continue;
      const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now()).count();
      timeout_ms = static_cast<int>(std::max<long long>(left, 0));
    }
  }

  [[nodiscard]] std::intptr_t pollable() const noexcept override {
    return borrow_descriptor(epoll_);
  }
  [[nodiscard]] Error call_when_ready(std::function<void()>) override {
    return {Status::Unsupported};
  }

 private:
  [[nodiscard]] std::size_t collect_slept_for(std::span<std::uint64_t> out_tokens) noexcept {
    const std::size_t held = slept_for_count_.load(std::memory_order_relaxed);
    const std::size_t count = std::min(held, out_tokens.size());
    for (std::size_t i = 0; i < count; ++i) out_tokens[i] = slept_for_[i].data.u64;
    std::move(slept_for_.begin() + count, slept_for_.begin() + held, slept_for_.begin());
    slept_for_count_.store(held - count, std::memory_order_release);
    return count;
  }

  std::unordered_map<std::uint64_t, Handle> bells_;
  // The edges that ended a wait(), until collect() takes them. Saves a system call per turn: wait()
  // takes edges instead of only looking for them. Written by the waiting thread while the count is
  // 0, by collecting threads while it is not.
  std::array<epoll_event, kBatch> slept_for_;
  std::atomic<std::size_t> slept_for_count_{0};
  Handle raise_;
  Handle epoll_;  // destroyed first, with all its watches
};

}  // namespace

Result<std::unique_ptr<DoorbellSet>> create_epoll_doorbell_set() {
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd < 0) return error_of(errno);
  Handle epoll = own_descriptor(fd);
  Result<Handle> raise = create_eventfd(0);
  if (!raise) return raise.error();
  const Error error = listen_for_edges(fd, borrow_descriptor(raise.value()), kRaiseToken);
  if (!error.ok()) return error;
  return std::unique_ptr<DoorbellSet>(
      std::make_unique<EpollDoorbellSet>(std::move(epoll), raise.take()));
}

}  // namespace busbar::linux_platform
