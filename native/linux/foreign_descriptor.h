// Closing what another process sent. close() waits when the last descriptor on a TCP connection
// goes that has something to send and SO_LINGER set: as long as whoever set it said, for hours. A
// peer may send such a descriptor, let go of its own, and leave the closing to us; one that lies in
// the queue of a socket of ours is closed together with that socket.
#pragma once

#include <cstdint>

#include "platform/handle.h"

namespace busbar::linux_platform {

// Owns a descriptor that came from another process.
[[nodiscard]] Handle own_foreign_descriptor(int fd) noexcept;

// Closes it at once, by a thread of its own if that may wait: a socket with SO_LINGER, or one of
// AF_UNIX whose queue a peer has filled. Whoever holds it as well can still do either in the moment
// between the look and the close, and let go of it in the same moment.
void close_foreign(std::intptr_t raw) noexcept;

// Those that threads are closing now, as far as a peer lets them. For whoever counts descriptors.
[[nodiscard]] int descriptors_closing() noexcept;

}  // namespace busbar::linux_platform
