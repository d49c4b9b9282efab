// NameFileWatch: hears that the file of a bus name was removed or replaced, or its directory moved
// away: by a logout, a cleaner of /tmp, or whoever deposes its holder. The kernel tells (inotify);
// nothing is polled, and what happens to other files of the directory wakes nobody.
#pragma once

#include "linux/bus_place.h"
#include "platform/handle.h"

namespace busbar::linux_platform {

class NameFileWatch {
 public:
  // Watches what the name leads to now. Hears nothing where the kernel refuses, for want of
  // inotify instances of this user: whoever needs its name finds out by himself then.
  explicit NameFileWatch(const BusPlace& place) noexcept;

  // Readable once something happened, until quiet(); -1 when it hears nothing.
  [[nodiscard]] int borrow() const noexcept;
  void quiet() const noexcept;

 private:
  Handle inotify_;
};

}  // namespace busbar::linux_platform
