// The answers of Mach calls as Status.
#pragma once

#include "base/status.h"
#include "macos/mach_api.h"

namespace busbar::macos_platform {

// Of a call about ports or memory.
[[nodiscard]] Error error_of(kern_return_t code) noexcept;
// Of mach_msg. WouldBlock: the queue is full, or empty. PeerGone: the port that was sent to is
// dead.
[[nodiscard]] Error message_error(mach_msg_return_t code) noexcept;

}  // namespace busbar::macos_platform
