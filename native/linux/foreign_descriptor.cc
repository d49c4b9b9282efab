// Closes in this thread if close() cannot block, else in a thread of its own.
#include "linux/foreign_descriptor.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "linux/socket_options.h"

namespace busbar::linux_platform {
namespace {

// The thread calls close() and nothing else; the rest is room for sanitizers.
constexpr std::size_t kCloserStackBytes = 256U << 10U;

std::atomic<int> closers{0};

void* close_and_end(void* argument) {
  ::close(static_cast<int>(reinterpret_cast<std::intptr_t>(argument)));
  closers.fetch_sub(1);
  return nullptr;
}

bool start_closer(int fd) noexcept {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return false;
  (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  (void)pthread_attr_setstacksize(&attributes, kCloserStackBytes);
  // Signals stay with the program's own threads.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t thread{};
  auto* argument = reinterpret_cast<void*>(static_cast<std::intptr_t>(fd));
  const bool started = pthread_create(&thread, &attributes, close_and_end, argument) == 0;
  (void)pthread_sigmask(SIG_SETMASK, &before, nullptr);
  (void)pthread_attr_destroy(&attributes);
  return started;
}

// One thread per descriptor: none waits behind one that a peer blocks. Each ends with its
// connection, and there are at most as many as descriptors.
void close_elsewhere(int fd) noexcept {
  closers.fetch_add(1);
  if (start_closer(fd)) return;
  ::close(fd);
  closers.fetch_sub(1);
}

// True if the queue of an AF_UNIX socket is not empty. Looks without taking: another process may
// read there. With SO_PASSCRED each message carries credentials, while the end of the stream
// carries none.
bool has_unread(int fd) noexcept {
  pollfd entry{fd, POLLIN, 0};
  if (::poll(&entry, 1, 0) == 0) return false;
  // The queue of a listening socket holds its visitors.
  if (socket_option(fd, SO_ACCEPTCONN) == 1) return true;
  const int on = 1;
  const int none = -1;
  (void)::setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  (void)::setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &none, sizeof none);
  char byte = 0;
  iovec part{&byte, 1};
  // No room for control messages, so that no descriptor is installed; MSG_CTRUNC shows that there
  // were some.
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  const ssize_t length = ::recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT);
  return length > 0 || (length == 0 && (message.msg_flags & MSG_CTRUNC) != 0);
}

// True if the last close waits for unsent data.
bool lingers(int fd) noexcept {
  linger option{};
  socklen_t size = sizeof option;
  return ::getsockopt(fd, SOL_SOCKET, SO_LINGER, &option, &size) == 0 && option.l_onoff != 0;
}

}  // namespace

int descriptors_closing() noexcept { return closers.load(); }

Handle own_foreign_descriptor(int fd) noexcept { return Handle(fd, close_foreign); }

void close_foreign(std::intptr_t raw) noexcept {
  const int fd = static_cast<int>(raw);
  const int saved_errno = errno;
  const int domain = socket_option(fd, SO_DOMAIN);
  if (domain < 0 || !(domain == AF_UNIX ? has_unread(fd) : lingers(fd))) {
    ::close(fd);
  } else {
    close_elsewhere(fd);
  }
  errno = saved_errno;
}

}  // namespace busbar::linux_platform
