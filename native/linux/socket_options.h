// Options of sockets that another process made, or still holds as well. What such a holder sets
// later is harmless by how the socket is used (MSG_DONTWAIT, every control message looked at).
#pragma once

namespace busbar::linux_platform {

// Of level SOL_SOCKET; -1 when `fd` is no socket. Never blocks, whatever `fd` is.
[[nodiscard]] int socket_option(int fd, int option) noexcept;

// Gives an AF_UNIX socket the options and flags of a new one: non-blocking, no signals, nothing
// beside the bytes and descriptors of a datagram. Kernels that lack an option need no reset of it.
void reset_socket_options(int fd) noexcept;

}  // namespace busbar::linux_platform
