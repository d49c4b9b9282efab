// Sockets, which are more than the HANDLE of their number: Winsock keeps things of its own beside
// it. A second process is therefore given a description, once, of which it makes a socket for
// itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "platform/handle.h"

namespace busbar::windows_platform {

// What WSADuplicateSocket tells, without the name of the protocol, which is for people.
inline constexpr std::size_t kSocketDescriptionBytes = 116;
using SocketDescription = std::array<std::byte, kSocketDescriptionBytes>;

// Whether `handle` was made by one of the following.
[[nodiscard]] bool is_socket(const Handle& handle) noexcept;

// A second one on the same connection or listener, in this process. InvalidArgument when `raw` is
// no socket.
[[nodiscard]] Result<Handle> duplicate_socket(std::intptr_t raw);

// For that process and one call of own_socket() there. One that never gets there costs it an entry
// of its table of handles until it ends: Winsock has no way to take it back.
[[nodiscard]] Result<SocketDescription> describe_socket(std::intptr_t raw, std::uint32_t pid);

// ProtocolViolation when the description is of no socket that was meant for this process.
[[nodiscard]] Result<Handle> own_socket(const SocketDescription& description);

}  // namespace busbar::windows_platform
