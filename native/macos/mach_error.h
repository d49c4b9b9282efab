// Return codes of Mach calls as Status.
#pragma once

#include "base/status.h"
#include "macos/mach_api.h"

namespace busbar::macos_platform {

// For calls about ports or memory.
[[nodiscard]] Error error_of(kern_return_t code) noexcept;
// For mach_msg. WouldBlock: the queue is full, or empty. PeerGone: the destination port is dead.
[[nodiscard]] Error message_error(mach_msg_return_t code) noexcept;

}  // namespace busbar::macos_platform
