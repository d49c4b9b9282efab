// Reactor of the loopback kernel. wait() never sleeps: it tells what is ready now, and a simulator
// decides what happens next. Goes round by token, so that nobody starves.
#pragma once

#include <memory>

#include "loopback/loopback_object.h"
#include "platform/reactor.h"

namespace busbar::loopback {

// Channels and listeners given to watch() must be of this platform.
[[nodiscard]] std::unique_ptr<Reactor> create_loopback_reactor(const Process& process);

}  // namespace busbar::loopback
