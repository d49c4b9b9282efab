// Rendezvous by named pipes; see bus_place.h.
#pragma once

#include <memory>
#include <string_view>

#include "platform/rendezvous.h"

namespace busbar::windows_platform {

[[nodiscard]] Result<std::unique_ptr<Rendezvous>> open_named_pipe_rendezvous(
    std::string_view identifier);

}  // namespace busbar::windows_platform
