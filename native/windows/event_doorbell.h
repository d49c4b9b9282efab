// Doorbell as an event that stays signaled until the listener has taken the ring.
#pragma once

#include <memory>

#include "platform/doorbell.h"
#include "windows/kernel_handle.h"

namespace busbar::windows_platform {

[[nodiscard]] Result<std::unique_ptr<Doorbell>> create_event_doorbell();

// An unnamed event that stays signaled until it is reset.
[[nodiscard]] Result<Handle> create_event(bool signaled);

}  // namespace busbar::windows_platform
