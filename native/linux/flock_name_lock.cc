// flock on a file that the last endpoint to leave removes.
#include "linux/flock_name_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "posix/file_descriptor.h"

namespace busbar::linux_platform {

using posix::borrow_descriptor;
using posix::error_of;
using posix::failed_at;
using posix::own_descriptor;

namespace {

// Between our open and our flock, a leaving process may have removed the file, and another may hold
// the lock on a newer file of that name: only the file that the name leads to now counts.
bool is_current(int fd, const BusPlace& place) noexcept {
  struct stat ours {};
  struct stat named {};
  return ::fstat(fd, &ours) == 0 &&
         ::fstatat(place.borrow_directory(), place.lock_name.c_str(), &named,
                   AT_SYMLINK_NOFOLLOW) == 0 &&
         ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

}  // namespace

Result<Handle> open_lock_file(const BusPlace& place) {
  const auto open = [&place] {
    return ::openat(place.borrow_directory(), place.lock_name.c_str(),
                    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  };
  int fd = open();
  // The process that made the file had a umask that removed our own permissions.
  if (fd < 0 && errno == EACCES &&
      ::fchmodat(place.borrow_directory(), place.lock_name.c_str(), 0600, 0) == 0) {
    fd = open();
  }
  if (fd < 0) return error_of(errno, failed_at("open", place.path_of(place.lock_name)));
  return own_descriptor(fd);
}

NameLock::NameLock(Handle file) noexcept : file_(std::move(file)) {}

NameLock::~NameLock() {
  // Unlocked explicitly: a child forked meanwhile has a descriptor on the same lock until it calls
  // exec.
  if (file_.valid()) ::flock(borrow_descriptor(file_), LOCK_UN);
}

Result<NameLock> NameLock::try_take(const BusPlace& place) {
  Result<Handle> opened = open_lock_file(place);
  if (!opened) return opened.error();
  Handle file = opened.take();
  const int fd = borrow_descriptor(file);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return Error{Status::WouldBlock, errno};
    return error_of(errno, failed_at("flock", place.path_of(place.lock_name)));
  }
  NameLock lock(std::move(file));
  if (!is_current(fd, place)) return Status::WouldBlock;
  return lock;
}

}  // namespace busbar::linux_platform
