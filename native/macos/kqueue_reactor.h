// Reactor: a kqueue over ports and processes, and one port for the kernel's notifications about
// other ports.
#pragma once

#include <memory>

#include "base/status.h"
#include "platform/reactor.h"

namespace busbar::macos_platform {

[[nodiscard]] Result<std::unique_ptr<Reactor>> create_kqueue_reactor();

}  // namespace busbar::macos_platform
