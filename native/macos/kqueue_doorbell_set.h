// DoorbellSet: a kqueue over one port per bell. The kqueue is a descriptor that an event loop can
// poll.
#pragma once

#include <memory>

#include "base/status.h"
#include "platform/doorbell.h"

namespace busbar::macos_platform {

[[nodiscard]] Result<std::unique_ptr<DoorbellSet>> create_kqueue_doorbell_set();

}  // namespace busbar::macos_platform
