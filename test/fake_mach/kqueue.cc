// kevent by epoll: a port set is the sockets of its members, EVFILT_USER an eventfd, EVFILT_PROC a
// pidfd. The linker wraps close(), so that closing the queue's descriptor frees what belongs to it.
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <vector>

#include "port_space.h"

using namespace fake_mach;

extern "C" int __real_close(int fd);  // NOLINT(bugprone-reserved-identifier)

namespace {

// One watch, stored by its descriptor, which each epoll event carries.
struct Watched {
  std::uintptr_t ident = 0;
  std::int16_t filter = 0;
  void* udata = nullptr;
};

struct Queue {
  int user = -1;
  std::map<int, Watched> watched;
};

std::map<int, Queue>& queues() {
  static auto& all = *new std::map<int, Queue>;
  return all;
}

int watch(int queue, int fd, const Watched& what) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(queue, EPOLL_CTL_ADD, fd, &event) != 0) return -1;
  queues().at(queue).watched[fd] = what;
  return 0;
}

int watch_set(int queue, const struct kevent& change) {
  PortSpace& space = PortSpace::get();
  Entry* set = space.find(static_cast<mach_port_t>(change.ident));
  if (set == nullptr || !set->is_set) {
    errno = ENOTSUP;
    return -1;
  }
  for (const mach_port_t member : set->members) {
    Entry* port = space.find(member);
    if (watch(queue, port->receive, {change.ident, change.filter, change.udata}) != 0) return -1;
    port->watched_by.insert(queue);
  }
  set->watched_by.insert(queue);
  return 0;
}

int watch_process(int queue, const struct kevent& change) {
  const long fd = ::syscall(SYS_pidfd_open, change.ident, 0);
  if (fd < 0) {
    if (errno == EINVAL) errno = ESRCH;
    return -1;
  }
  return watch(queue, static_cast<int>(fd), {change.ident, change.filter, change.udata});
}

void forget(int queue, int fd) {
  ::epoll_ctl(queue, EPOLL_CTL_DEL, fd, nullptr);
  queues().at(queue).watched.erase(fd);
}

int apply(int queue, const struct kevent& change) {
  Queue& own = queues().at(queue);
  switch (change.filter) {
    case EVFILT_USER: {
      if ((change.flags & EV_ADD) != 0) {
        own.user = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        return watch(queue, own.user, {change.ident, change.filter, change.udata});
      }
      const std::uint64_t one = 1;
      return ::write(own.user, &one, sizeof one) == sizeof one ? 0 : -1;
    }
    case EVFILT_MACHPORT:
      return watch_set(queue, change);
    case EVFILT_PROC:
      if ((change.flags & EV_ADD) != 0) return watch_process(queue, change);
      for (const auto& [fd, watched] : own.watched) {
        if (watched.filter != EVFILT_PROC || watched.ident != change.ident) continue;
        const int process = fd;
        forget(queue, process);
        return __real_close(process);
      }
      errno = ENOENT;
      return -1;
    default:
      errno = EINVAL;
      return -1;
  }
}

// Describes the event; false when nothing watches `fd` any more.
bool describe(int queue, int fd, struct kevent& out) {
  Queue& own = queues().at(queue);
  const auto found = own.watched.find(fd);
  if (found == own.watched.end()) return false;
  const Watched watched = found->second;
  EV_SET(&out, watched.ident, watched.filter, 0, 0, 0, watched.udata);
  if (watched.filter == EVFILT_USER) {
    std::uint64_t count = 0;
    (void)!::read(fd, &count, sizeof count);
  } else if (watched.filter == EVFILT_PROC) {
    forget(queue, fd);
    __real_close(fd);
  }
  return true;
}

int milliseconds_of(const timespec* timeout) {
  if (timeout == nullptr) return -1;
  return static_cast<int>(std::min<long long>(
      timeout->tv_sec * 1000LL + (timeout->tv_nsec + 999'999) / 1'000'000, 1'000'000'000));
}

}  // namespace

namespace fake_mach {

void stop_watching(int queue, int receive) {
  if (queues().contains(queue)) forget(queue, receive);
}

}  // namespace fake_mach

int kqueue() {
  const std::lock_guard guard(PortSpace::get().mutex);
  const int fd = ::epoll_create1(EPOLL_CLOEXEC);
  if (fd >= 0) queues()[fd] = {};
  return fd;
}

int kevent(int queue, const struct kevent* changes, int change_count, struct kevent* events,
           int event_count, const struct timespec* timeout) {
  {
    const std::lock_guard guard(PortSpace::get().mutex);
    for (int i = 0; i < change_count; ++i) {
      if (apply(queue, changes[i]) != 0) return -1;
    }
  }
  if (event_count == 0) return 0;
  std::array<epoll_event, 64> got;
  const int room = std::min(event_count, static_cast<int>(got.size()));
  const int count = ::epoll_wait(queue, got.data(), room, milliseconds_of(timeout));
  if (count < 0) return -1;
  const std::lock_guard guard(PortSpace::get().mutex);
  int reported = 0;
  for (int i = 0; i < count; ++i) {
    if (describe(queue, got[static_cast<std::size_t>(i)].data.fd, events[reported])) ++reported;
  }
  return reported;
}

extern "C" int __wrap_close(int fd) {  // NOLINT(bugprone-reserved-identifier)
  {
    PortSpace& space = PortSpace::get();
    const std::lock_guard guard(space.mutex);
    const auto found = queues().find(fd);
    if (found != queues().end()) {
      for (const auto& [watched, what] : found->second.watched) {
        if (what.filter != EVFILT_MACHPORT) __real_close(watched);
      }
      queues().erase(found);
      for (auto& [name, entry] : space.entries) entry.watched_by.erase(fd);
    }
  }
  return __real_close(fd);
}
