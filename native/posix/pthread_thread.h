// A thread with a small, fixed stack that takes no signals: they are for the program's own threads.
#pragma once

#include <functional>
#include <memory>

#include "base/status.h"
#include "platform/thread.h"

namespace busbar::posix {

// OutOfMemory when the system has no thread left (EAGAIN).
[[nodiscard]] Result<std::unique_ptr<Thread>> start_pthread(std::function<void()> body);

}  // namespace busbar::posix
