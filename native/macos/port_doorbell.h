// Doorbell by messages to the listener's port. The handle of a bell is a right to send to the
// ringer, where a listener leaves a right to send to a port of its own: that one is rung. What is
// rung before anybody listens is not kept; a DoorbellSet takes a new bell for rung.
#pragma once

#include <memory>

#include "base/status.h"
#include "macos/port_right.h"
#include "platform/doorbell.h"

namespace busbar::macos_platform {

[[nodiscard]] Result<std::unique_ptr<Doorbell>> create_port_doorbell();

// The listener's side of one bell: a port that its ringer sends to. ProtocolViolation unless the
// handle is a doorbell.
[[nodiscard]] Result<ReceiveRight> listen_to(const Handle& bell);
// Takes the rings that lie there.
void take_rings(const ReceiveRight& port) noexcept;

}  // namespace busbar::macos_platform
