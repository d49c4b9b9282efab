// Rendezvous by bootstrap services, which the system frees the moment their owner dies, and
// notifications, whose state says which service the name leads to.
#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "platform/rendezvous.h"

namespace busbar::macos_platform {

[[nodiscard]] Result<std::unique_ptr<Rendezvous>> open_bootstrap_rendezvous(
    std::string_view identifier);

}  // namespace busbar::macos_platform
