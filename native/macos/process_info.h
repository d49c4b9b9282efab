// The kernel's facts about another process of this user.
#pragma once

#include <cstdint>

namespace busbar::macos_platform {

// See Platform::process_token; made from the start time.
[[nodiscard]] std::uint64_t process_token(std::uint32_t pid) noexcept;
[[nodiscard]] bool is_stopped(std::uint32_t pid) noexcept;

}  // namespace busbar::macos_platform
