// NameFileWatch: notices that the file of a bus name was removed or replaced, or that its directory
// was moved: by a logout, a cleaner of /tmp, or a process that deposes the holder. The kernel
// reports it (inotify): nothing polls, and changes of other files in the directory wake nobody.
#pragma once

#include "linux/bus_place.h"
#include "platform/handle.h"

namespace busbar::linux_platform {

class NameFileWatch {
 public:
  // Watches the file that the name leads to now. Reports nothing when this user has no inotify
  // instance left: the holder then notices the loss when it next checks its name.
  explicit NameFileWatch(const BusPlace& place) noexcept;

  // Readable once something happened, until quiet(); -1 when it reports nothing.
  [[nodiscard]] int borrow() const noexcept;
  void quiet() const noexcept;

 private:
  Handle inotify_;
};

}  // namespace busbar::linux_platform
