// An eventfd as a wake-up for a thread of this process that sleeps in epoll. Never handed to
// another process: what its holder may do to it can make a write block (shutdown_doorbell.h).
#pragma once

#include "base/status.h"
#include "platform/handle.h"

namespace busbar::linux_platform {

// A non-blocking eventfd that counts from `initial`: readable while it is not 0.
[[nodiscard]] Result<Handle> create_eventfd(unsigned int initial);

// Adds one: an edge for everybody who listens. Any thread; keeps errno.
void ring_eventfd(int fd) noexcept;

// Back to 0, no longer readable.
void drain_eventfd(int fd) noexcept;

}  // namespace busbar::linux_platform
