// inotify on two inodes.
#include "linux/name_file_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "posix/file_descriptor.h"

namespace busbar::linux_platform {

using posix::borrow_descriptor;
using posix::own_descriptor;

namespace {

// Events of the file itself. A bound socket's inode outlives its last name: losing the name is
// reported as a change of its attributes (the number of names).
constexpr std::uint32_t kFileEvents = IN_ATTRIB | IN_MOVE_SELF | IN_DELETE_SELF | IN_DONT_FOLLOW;
constexpr std::uint32_t kDirectoryEvents = IN_MOVE_SELF | IN_DELETE_SELF | IN_ONLYDIR;

}  // namespace

NameFileWatch::NameFileWatch(const BusPlace& place) noexcept {
  const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0) return;
  Handle inotify = own_descriptor(fd);
  std::string directory = "/proc/self/fd/" + std::to_string(place.borrow_directory()) + "/.";
  if (::access(directory.c_str(), F_OK) != 0) directory = place.directory.path;
  const std::string file = directory + '/' + place.socket_name;
  if (::inotify_add_watch(fd, file.c_str(), kFileEvents) < 0) return;
  (void)::inotify_add_watch(fd, directory.c_str(), kDirectoryEvents);
  inotify_ = std::move(inotify);
}

int NameFileWatch::borrow() const noexcept { return borrow_descriptor(inotify_); }

void NameFileWatch::quiet() const noexcept {
  if (!inotify_.valid()) return;
  std::array<char, 4096> events;
  // Bounded: the owner of the files can go on changing them.
  for (int turn = 0; turn < 8; ++turn) {
    if (::read(borrow(), events.data(), events.size()) <= 0) return;
  }
}

}  // namespace busbar::linux_platform
