// Unpredictable bytes.
#pragma once

#include <cstddef>
#include <span>

#include "base/status.h"

namespace busbar::windows_platform {

[[nodiscard]] Error fill_random(std::span<std::byte> out);

}  // namespace busbar::windows_platform
