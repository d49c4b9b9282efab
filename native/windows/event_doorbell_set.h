// DoorbellSet over events.
#pragma once

#include <memory>

#include "platform/doorbell.h"

namespace busbar::windows_platform {

[[nodiscard]] Result<std::unique_ptr<DoorbellSet>> create_event_doorbell_set();

}  // namespace busbar::windows_platform
