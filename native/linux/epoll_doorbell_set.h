// DoorbellSet on an epoll set of edge-triggered sockets that nobody reads: the kernel gives a new
// edge for each ring (shutdown_doorbell.h), and epoll_wait takes the edge.
#pragma once

#include <memory>

#include "base/status.h"
#include "platform/doorbell.h"

namespace busbar::linux_platform {

// add() returns ProtocolViolation for a handle that is not such a socket, InvalidArgument for token
// 0 or a token in use, LimitExceeded when this user's epoll watches are used up.
[[nodiscard]] Result<std::unique_ptr<DoorbellSet>> create_epoll_doorbell_set();

}  // namespace busbar::linux_platform
