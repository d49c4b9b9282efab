// kevent.
#include "macos/kqueue.h"

#include <fcntl.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "posix/file_descriptor.h"

namespace busbar::macos_platform {
namespace {

constexpr std::uintptr_t kWake = 0;
// XNU refuses times of more than 100,000,000 seconds with EINVAL.
constexpr std::chrono::nanoseconds kLongestWait = std::chrono::hours(24);

int change(int queue, std::uintptr_t ident, std::int16_t filter, std::uint16_t flags,
           std::uint32_t what, std::uint64_t token) noexcept {
  struct kevent event {};
  EV_SET(&event, ident, filter, flags, what, 0,
         reinterpret_cast<void*>(static_cast<std::uintptr_t>(token)));
  return ::kevent(queue, &event, 1, nullptr, 0, nullptr) < 0 ? errno : 0;
}

}  // namespace

Kqueue::Kqueue(Handle queue) noexcept : queue_(std::move(queue)) {}

Result<Kqueue> Kqueue::create() {
  const int fd = ::kqueue();
  if (fd < 0) return posix::error_of(errno);
  Kqueue queue(posix::own_descriptor(fd));
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return posix::error_of(errno);
  if (const int code = change(fd, kWake, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0); code != 0)
    return posix::error_of(code);
  return queue;
}

Error Kqueue::watch(const PortSet& set, std::uint64_t token) {
  const int code = change(borrow(), set.name(), EVFILT_MACHPORT, EV_ADD, 0, token);
  return code == 0 ? Error{} : posix::error_of(code);
}

Result<bool> Kqueue::watch_process(std::uint32_t pid) {
  const int code = change(borrow(), pid, EVFILT_PROC, EV_ADD | EV_ONESHOT, NOTE_EXIT, 0);
  // Also for a process that ended but was not reaped.
  if (code == ESRCH) return false;
  if (code != 0) return posix::error_of(code);
  return true;
}

void Kqueue::forget_process(std::uint32_t pid) noexcept {
  (void)change(borrow(), pid, EVFILT_PROC, EV_DELETE, 0, 0);
}

void Kqueue::wake() noexcept {
  const int saved_errno = errno;
  (void)change(borrow(), kWake, EVFILT_USER, 0, NOTE_TRIGGER, 0);
  errno = saved_errno;
}

std::size_t Kqueue::wait(std::optional<TimePoint> deadline,
                         std::span<struct kevent> out_events) noexcept {
  for (;;) {
    timespec left{};
    if (deadline) {
      const TimePoint now = std::chrono::steady_clock::now();
      const std::chrono::nanoseconds until =
          *deadline > now ? std::min(*deadline - now, kLongestWait) : std::chrono::nanoseconds(0);
      left.tv_sec = static_cast<time_t>(until.count() / 1'000'000'000);
      left.tv_nsec = static_cast<long>(until.count() % 1'000'000'000);
    }
    const int got = ::kevent(borrow(), nullptr, 0, out_events.data(),
                             static_cast<int>(out_events.size()), deadline ? &left : nullptr);
    if (got == 0 && deadline && *deadline > std::chrono::steady_clock::now()) continue;
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return 0;
  }
}

int Kqueue::borrow() const noexcept { return posix::borrow_descriptor(queue_); }

}  // namespace busbar::macos_platform
