// Descriptors as Handles, errno as Status.
#include "posix/file_descriptor.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace busbar::posix {
namespace {

void close_descriptor(std::intptr_t raw) noexcept {
  // Never repeated after EINTR: Linux has freed the number by then, another thread may have it.
  ::close(static_cast<int>(raw));
}

}  // namespace

Handle own_descriptor(int fd) noexcept { return Handle(fd, close_descriptor); }

int borrow_descriptor(const Handle& handle) noexcept {
  return handle.valid() ? static_cast<int>(handle.borrow()) : -1;
}

std::uint64_t descriptor_limit() noexcept {
  // Without a limit: as many as Linux can number.
  constexpr std::uint64_t kMost = 1U << 20U;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMost;
  return std::min<std::uint64_t>(limit.rlim_cur, kMost);
}

Result<Handle> duplicate_descriptor(int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return errno == EBADF ? Error{Status::InvalidArgument, EBADF} : error_of(errno);
  return own_descriptor(copy);
}

Result<Handle> adopt_descriptor(std::intptr_t raw) {
  if (raw < 0 || !std::in_range<int>(raw)) return Status::InvalidArgument;
  const int fd = static_cast<int>(raw);
  const int flags = ::fcntl(fd, F_GETFD);
  if (flags < 0) return Error{Status::InvalidArgument, errno};
  if ((flags & FD_CLOEXEC) == 0 && ::fcntl(fd, F_SETFD, flags | FD_CLOEXEC) != 0)
    return error_of(errno);
  return own_descriptor(fd);
}

Error error_of(int os_code) noexcept {
  switch (os_code) {
    case EMFILE:
    case ENFILE:
      return {Status::OutOfDescriptors, os_code};
    case ENOMEM:
    // No room in the file system that shared memory lies in, or for a file of that size.
    case ENOSPC:
    case EFBIG:
    case ENOBUFS:
      return {Status::OutOfMemory, os_code};
    case EACCES:
    case EPERM:
      return {Status::Permission, os_code};
    case EAGAIN:
      return {Status::WouldBlock, os_code};
    case ENOSYS:
      return {Status::Unsupported, os_code};
    default:
      return {Status::System, os_code};
  }
}

}  // namespace busbar::posix
