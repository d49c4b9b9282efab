// Reactor on level-triggered epoll, with pidfds for processes and an eventfd for wake().
#pragma once

#include <memory>

#include "base/status.h"
#include "platform/reactor.h"

namespace busbar::linux_platform {

// Channels and listeners passed to watch() must be of this platform. InvalidArgument for token 0, a
// token in use and pid 0; LimitExceeded when this user's epoll watches are used up; Unsupported
// from watch_process before Linux 5.3.
[[nodiscard]] Result<std::unique_ptr<Reactor>> create_epoll_reactor();

}  // namespace busbar::linux_platform
