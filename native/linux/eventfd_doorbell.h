// Doorbell on an eventfd, and the same as a plain wake-up for a thread that sleeps in epoll.
// Nobody reads a doorbell: EpollDoorbellSet listens for its edges.
#pragma once

#include <memory>

#include "core/status.h"
#include "platform/doorbell.h"
#include "platform/handle.h"

namespace busbar::linux_platform {

[[nodiscard]] Result<std::unique_ptr<Doorbell>> create_eventfd_doorbell();

// A non-blocking eventfd that counts from `initial`: readable while it is not 0.
[[nodiscard]] Result<Handle> create_eventfd(unsigned int initial);

// Adds one: an edge for everybody who listens. Any thread; keeps errno.
void ring_eventfd(int fd) noexcept;

// Back to 0, no longer readable.
void drain_eventfd(int fd) noexcept;

// False for everything that is certainly no eventfd. A peer may send any descriptor as its bell;
// asking the readiness of one on a file system of its own could block us.
[[nodiscard]] bool is_eventfd(int fd) noexcept;

}  // namespace busbar::linux_platform
