// Thread by _beginthreadex.
#pragma once

#include <functional>
#include <memory>

#include "base/status.h"
#include "platform/thread.h"

namespace busbar::windows_platform {

[[nodiscard]] Result<std::unique_ptr<Thread>> start_system_thread(std::function<void()> body);

}  // namespace busbar::windows_platform
