// An eventfd that wakes a thread of this process from epoll. Never sent to another process: a
// holder can make a write to it block (shutdown_doorbell.h).
#pragma once

#include "base/status.h"
#include "platform/handle.h"

namespace busbar::linux_platform {

// A non-blocking eventfd that starts at `initial`; readable while its count is not 0.
[[nodiscard]] Result<Handle> create_eventfd(unsigned int initial);

// Adds one: an edge for every epoll set that watches it. Any thread; keeps errno.
void ring_eventfd(int fd) noexcept;

// Sets the count to 0: no longer readable.
void drain_eventfd(int fd) noexcept;

}  // namespace busbar::linux_platform
