// What the kernel tells about another process of this user.
#pragma once

#include <cstdint>

namespace busbar::macos_platform {

// See Platform::process_token: made of the time at which it began.
[[nodiscard]] std::uint64_t process_token(std::uint32_t pid) noexcept;
[[nodiscard]] bool is_stopped(std::uint32_t pid) noexcept;

}  // namespace busbar::macos_platform
