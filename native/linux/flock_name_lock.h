// NameLock: its holder may change where a bus name leads. An flock on the bus's .lock file, so the
// kernel releases it when the holder dies. Held for a few system calls, never for the life of a
// bus.
#pragma once

#include "base/status.h"
#include "linux/bus_place.h"
#include "platform/handle.h"

namespace busbar::linux_platform {

class NameLock {
 public:
  // WouldBlock when another process or thread holds it.
  [[nodiscard]] static Result<NameLock> try_take(const BusPlace& place);

  NameLock(NameLock&&) noexcept = default;
  NameLock& operator=(NameLock&&) noexcept = delete;
  NameLock(const NameLock&) = delete;
  NameLock& operator=(const NameLock&) = delete;
  ~NameLock();

 private:
  explicit NameLock(Handle file) noexcept;
  Handle file_;
};

// Opens the lock file; creates it when missing.
[[nodiscard]] Result<Handle> open_lock_file(const BusPlace& place);

}  // namespace busbar::linux_platform
