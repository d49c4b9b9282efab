// Named pipes of messages as all of them are made and opened here: for this user, on this machine.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "windows/kernel_handle.h"

namespace busbar::windows_platform {

// As many ends as there are visitors; the number by which doors are told from links.
inline constexpr std::uint32_t kUnlimitedInstances = 255;

// The server's end. `first`: nobody may have a pipe of that name yet, which Wine does not check.
[[nodiscard]] Result<Handle> create_pipe(const std::string& name, std::uint32_t instances,
                                         bool first = true);
// The client's end. Who serves it learns who we are, but cannot act as us. WouldBlock: all of the
// server's ends are taken.
[[nodiscard]] Result<Handle> open_pipe(const std::string& name);

// Whether anybody serves a pipe of that name; nobody notices the question.
[[nodiscard]] bool pipe_exists(const std::string& name) noexcept;

struct PipeFacts {
  bool server_end = false;
  // Made for one client alone, as links are; doors are for any number, which Wine tells otherwise
  // than Windows.
  bool single = false;
};

// False when it is no named pipe of messages.
[[nodiscard]] bool query_pipe(RawHandle pipe, PipeFacts& out) noexcept;

}  // namespace busbar::windows_platform
