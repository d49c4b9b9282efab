// Doorbell and DoorbellSet of the loopback kernel: a bell counts its rings, a set remembers for
// each bell how many it has reported.
#pragma once

#include <memory>

#include "base/status.h"
#include "loopback/loopback_object.h"
#include "platform/doorbell.h"

namespace busbar::loopback {

[[nodiscard]] Result<std::unique_ptr<Doorbell>> create_loopback_doorbell(const Process& process);
// pollable() is -1 and wait() returns at once.
[[nodiscard]] Result<std::unique_ptr<DoorbellSet>> create_loopback_doorbell_set(
    const Process& process);

}  // namespace busbar::loopback
