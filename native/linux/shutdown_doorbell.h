// Doorbell on a pair of AF_UNIX stream sockets that carries no byte: the ringer calls
// shutdown(SHUT_WR) on its end, again and again. Each call gives the other end an edge, whether or
// not the previous edge was taken.
//
//   ringer: socket A, kept private          listener: socket B, in an epoll set
//   shutdown(A, SHUT_WR)  ----------------> EPOLLIN | EPOLLRDHUP, once for each call
//
// The peer has a descriptor on B, and nothing that it does to B affects shutdown() on A: there is
// no flag that makes it block, no counter or buffer to fill, no memory to allocate, and no lock
// held while somebody else copies. Compare: write() on a shared eventfd blocks when its other
// holder clears O_NONBLOCK and fills the counter; write() and close() on a pipe wait for a mutex
// that a reader holds during page faults.
#pragma once

#include <memory>

#include "base/status.h"
#include "platform/doorbell.h"

namespace busbar::linux_platform {

[[nodiscard]] Result<std::unique_ptr<Doorbell>> create_shutdown_doorbell();

// False if `fd` is certainly not such a bell. A peer may send any descriptor as its bell; polling a
// descriptor of a peer's own file system, or of an epoll set, could block us.
[[nodiscard]] bool is_shutdown_doorbell(int fd) noexcept;

}  // namespace busbar::linux_platform
