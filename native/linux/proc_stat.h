// What /proc/<pid>/stat says.
#pragma once

#include <cstdint>

namespace busbar::linux_platform {

// The pid in the low half, when the process started (in ticks since boot) in the high one; 0 when
// there is no such process, or only its corpse.
[[nodiscard]] std::uint64_t process_token(std::uint32_t pid) noexcept;

// The namespace that this process's pids belong to; 0 without /proc.
[[nodiscard]] std::uint64_t pid_namespace() noexcept;

// By a signal or a tracer.
[[nodiscard]] bool is_stopped(std::uint32_t pid) noexcept;

}  // namespace busbar::linux_platform
