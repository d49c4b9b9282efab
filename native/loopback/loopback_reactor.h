// Reactor of the loopback kernel. wait() never sleeps: it reports what is ready now, and a
// simulator decides what happens next. Goes round-robin by token, so that no token starves.
#pragma once

#include <memory>

#include "loopback/loopback_object.h"
#include "platform/reactor.h"

namespace busbar::loopback {

// Channels and listeners passed to watch() must be of this platform.
[[nodiscard]] std::unique_ptr<Reactor> create_loopback_reactor(const Process& process);

}  // namespace busbar::loopback
