// DoorbellSet on an epoll set of edge-triggered sockets, none of which is ever read: the kernel
// gives a fresh edge for each ring (shutdown_doorbell.h), and epoll_wait takes it.
#pragma once

#include <memory>

#include "base/status.h"
#include "platform/doorbell.h"

namespace busbar::linux_platform {

// add() gives ProtocolViolation for a handle that is no such socket, InvalidArgument for token 0 or
// one in use, LimitExceeded when the user's epoll watches are used up.
[[nodiscard]] Result<std::unique_ptr<DoorbellSet>> create_epoll_doorbell_set();

}  // namespace busbar::linux_platform
