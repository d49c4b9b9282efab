// eventfd.
#include "linux/eventfd_wake.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "posix/file_descriptor.h"

namespace busbar::linux_platform {

Result<Handle> create_eventfd(unsigned int initial) {
  const int fd = ::eventfd(initial, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return posix::error_of(errno);
  return posix::own_descriptor(fd);
}

void ring_eventfd(int fd) noexcept {
  const int saved_errno = errno;
  const std::uint64_t one = 1;
  // The counter never fills up: in steps of one it would take longer than a machine lives.
  [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
  errno = saved_errno;
}

void drain_eventfd(int fd) noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(fd, &count, sizeof count);
}

}  // namespace busbar::linux_platform
