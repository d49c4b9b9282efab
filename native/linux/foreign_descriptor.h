// Closing descriptors that another process sent. close() of the last descriptor on a TCP connection
// with unsent data and SO_LINGER set blocks for as long as SO_LINGER says, which may be hours. A
// peer may send such a descriptor, close its own, and leave the last close to us. A descriptor in
// the queue of one of our sockets is closed together with that socket.
#pragma once

#include <cstdint>

#include "platform/handle.h"

namespace busbar::linux_platform {

// Owns a descriptor that another process sent.
[[nodiscard]] Handle own_foreign_descriptor(int fd) noexcept;

// Closes the descriptor at once, or in a thread of its own if close() may block: a socket with
// SO_LINGER, or an AF_UNIX socket with a filled queue. Another holder can still make it such a
// socket, and close its own descriptor, between our check and our close.
void close_foreign(std::intptr_t raw) noexcept;

// How many descriptors such threads are closing now. For code that counts descriptors.
[[nodiscard]] int descriptors_closing() noexcept;

}  // namespace busbar::linux_platform
