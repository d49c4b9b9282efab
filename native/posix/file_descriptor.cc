// Descriptors as Handles, errno as Status.
#include "posix/file_descriptor.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <list>
#include <mutex>
#include <string>
#include <utility>

namespace busbar::posix {
namespace {

// How many different failures on files keep their path. A guess far above what one process meets.
constexpr std::size_t kMaxPlaces = 256;
constexpr FailedCall kSomeFile{"open"};

void close_descriptor(std::intptr_t raw) noexcept {
  // Never repeated after EINTR: Linux has freed the number by then, and another thread may have
  // reused it.
  ::close(static_cast<int>(raw));
}

}  // namespace

Handle own_descriptor(int fd) noexcept { return Handle(fd, close_descriptor); }

int borrow_descriptor(const Handle& handle) noexcept {
  return handle.valid() ? static_cast<int>(handle.borrow()) : -1;
}

std::uint64_t descriptor_limit() noexcept {
  // No limit: as many as Linux can number.
  constexpr std::uint64_t kMaxLimit = 1U << 20U;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kMaxLimit;
  return std::min<std::uint64_t>(limit.rlim_cur, kMaxLimit);
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
    // No room in the file system of the shared memory, or for a file of that size.
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

Error error_of(int os_code, const FailedCall& at) noexcept {
  Error error = error_of(os_code);
  error.at = &at;
  return error;
}

const FailedCall& failed_at(const char* call, std::string_view path, const char* advice) {
  struct Place {
    std::string path;
    FailedCall at;
  };
  // Never destroyed: errors are reported while the process exits, too.
  static std::mutex& mutex = *new std::mutex;
  static std::list<Place>& places = *new std::list<Place>;
  const std::lock_guard lock(mutex);
  for (const Place& place : places) {
    if (place.path == path && place.at.call == call && place.at.advice == advice) return place.at;
  }
  if (places.size() >= kMaxPlaces) return kSomeFile;
  Place& place = places.emplace_back();
  place.path = path;
  place.at = {call, place.path.c_str(), advice};
  return place.at;
}

}  // namespace busbar::posix
