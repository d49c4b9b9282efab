// The FIFO behind a bell: mkfifo, open, write, read.
#include "linux/fifo_name_bell.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "posix/file_descriptor.h"

namespace busbar::linux_platform {

using posix::borrow_descriptor;
using posix::error_of;
using posix::failed_at;
using posix::own_descriptor;

FifoNameBell::FifoNameBell(Handle fifo) noexcept : fifo_(std::move(fifo)) {}

Result<std::unique_ptr<FifoNameBell>> FifoNameBell::open(const BusPlace& place) {
  // Opened for reading and writing: a reader alone would see end of file after each ring, and a
  // writer alone could not open the FIFO before a reader does.
  const int fd = ::openat(place.borrow_directory(), place.bell_name.c_str(),
                          O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return errno == ENOENT ? Error{Status::NoController, ENOENT} : error_of(errno);
  Handle fifo = own_descriptor(fd);
  struct stat facts {};
  if (::fstat(fd, &facts) != 0 || !S_ISFIFO(facts.st_mode)) return Status::NoController;
  return std::make_unique<FifoNameBell>(std::move(fifo));
}

bool FifoNameBell::is_open_anywhere(const BusPlace& place) noexcept {
  // A writer alone cannot open a FIFO that nobody reads.
  const int fd = ::openat(place.borrow_directory(), place.bell_name.c_str(),
                          O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return false;
  const Handle fifo = own_descriptor(fd);
  struct stat facts {};
  return ::fstat(fd, &facts) == 0 && S_ISFIFO(facts.st_mode);
}

Error FifoNameBell::make_fresh(const BusPlace& place) {
  // Left by a process that was killed before the rename.
  ::unlinkat(place.borrow_directory(), place.fresh_bell_name.c_str(), 0);
  const char* name = place.fresh_bell_name.c_str();
  // The umask may have removed our own permissions.
  if (::mkfifoat(place.borrow_directory(), name, 0600) == 0 &&
      ::fchmodat(place.borrow_directory(), name, 0600, 0) == 0) {
    return {};
  }
  return error_of(errno, failed_at("mkfifo", place.path_of(place.fresh_bell_name)));
}

void FifoNameBell::ring() noexcept {
  const int saved_errno = errno;
  const char ring = 1;
  // A full FIFO is rung already.
  [[maybe_unused]] const ssize_t written = ::write(borrow_fifo(), &ring, sizeof ring);
  errno = saved_errno;
}

bool FifoNameBell::is_rung() const noexcept {
  int bytes = 0;
  return ::ioctl(borrow_fifo(), FIONREAD, &bytes) == 0 && bytes > 0;
}

bool FifoNameBell::is_same(const NameBell& other) const noexcept {
  struct stat ours {};
  struct stat theirs {};
  return ::fstat(borrow_fifo(), &ours) == 0 &&
         ::fstat(static_cast<const FifoNameBell&>(other).borrow_fifo(), &theirs) == 0 &&
         ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

void FifoNameBell::quiet() noexcept {
  const int saved_errno = errno;
  std::array<char, 4096> rings;
  // Bounded: another process may ring faster than we read.
  for (int turn = 0; turn < 32; ++turn) {
    if (::read(borrow_fifo(), rings.data(), rings.size()) <= 0) break;
  }
  errno = saved_errno;
}

int FifoNameBell::borrow_fifo() const noexcept { return borrow_descriptor(fifo_); }

}  // namespace busbar::linux_platform
