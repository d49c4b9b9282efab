// Reactor over the events of channels, listeners and bells, and the handles of processes.
#pragma once

#include <memory>

#include "platform/reactor.h"

namespace busbar::windows_platform {

[[nodiscard]] Result<std::unique_ptr<Reactor>> create_wait_reactor();

}  // namespace busbar::windows_platform
