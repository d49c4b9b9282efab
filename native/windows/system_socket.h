// Sockets are more than HANDLEs: Winsock keeps state of its own for each. Another process therefore
// gets a description, valid once, from which it makes a socket of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "platform/handle.h"

namespace busbar::windows_platform {

// The data of WSADuplicateSocket without the name of the protocol, which is for people.
inline constexpr std::size_t kSocketDescriptionBytes = 116;
using SocketDescription = std::array<std::byte, kSocketDescriptionBytes>;

// True if one of the following functions made `handle`.
[[nodiscard]] bool is_socket(const Handle& handle) noexcept;

// A second socket on the same connection or listener, in this process. InvalidArgument when `raw`
// is not a socket.
[[nodiscard]] Result<Handle> duplicate_socket(std::intptr_t raw);

// For process `pid` and one call of own_socket() there. A description that never arrives costs that
// process an entry of its handle table until it ends: Winsock cannot revoke it.
[[nodiscard]] Result<SocketDescription> describe_socket(std::intptr_t raw, std::uint32_t pid);

// ProtocolViolation unless the description is of a socket meant for this process.
[[nodiscard]] Result<Handle> own_socket(const SocketDescription& description);

}  // namespace busbar::windows_platform
