// How this folder creates and opens named pipes: message mode, for this user, on this machine.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "windows/kernel_handle.h"

namespace busbar::windows_platform {

// Any number of server ends; this number tells a door from a link.
inline constexpr std::uint32_t kUnlimitedInstances = 255;

// The server's end. `first`: fails if a pipe of that name exists, which Wine does not check.
[[nodiscard]] Result<Handle> create_pipe(const std::string& name, std::uint32_t instances,
                                         bool first = true);
// The client's end. The server can identify us but cannot impersonate us. WouldBlock: all of the
// server's ends are taken.
[[nodiscard]] Result<Handle> open_pipe(const std::string& name);

// True if a process serves a pipe of that name; the server does not notice the check.
[[nodiscard]] bool pipe_exists(const std::string& name) noexcept;

struct PipeFacts {
  bool server_end = false;
  // Made for one client only, as links are. Doors take any number; Wine reports that differently
  // from Windows.
  bool single = false;
};

// False when it is not a named pipe in message mode.
[[nodiscard]] bool query_pipe(RawHandle pipe, PipeFacts& out) noexcept;

}  // namespace busbar::windows_platform
