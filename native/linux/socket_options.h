// Options of sockets that another process made or still holds. An option that such a holder sets
// later does no harm, by the way the socket is used (MSG_DONTWAIT, every control message checked).
#pragma once

namespace busbar::linux_platform {

// An option of level SOL_SOCKET; -1 when `fd` is not a socket. Never blocks, whatever `fd` is.
[[nodiscard]] int socket_option(int fd, int option) noexcept;

// Gives an AF_UNIX socket the options and flags of a new one: non-blocking, no signals, nothing
// added to the bytes and descriptors of a datagram. Ignores options that the kernel does not have.
void reset_socket_options(int fd) noexcept;

}  // namespace busbar::linux_platform
