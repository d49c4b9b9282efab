// Doorbell by messages to the listener's port. The handle of a bell is a right to send to the
// ringer; a listener sends the ringer a right to a port of its own, which the ringer then rings. A
// ring before there is a listener is lost; a DoorbellSet reports every new bell once.
#pragma once

#include <memory>

#include "base/status.h"
#include "macos/port_right.h"
#include "platform/doorbell.h"

namespace busbar::macos_platform {

[[nodiscard]] Result<std::unique_ptr<Doorbell>> create_port_doorbell();

// The listener's side of one bell: a port that the ringer sends to. ProtocolViolation unless `bell`
// is a doorbell.
[[nodiscard]] Result<ReceiveRight> listen_to(const Handle& bell);
// Removes the rings from the port's queue.
void take_rings(const ReceiveRight& port) noexcept;

}  // namespace busbar::macos_platform
