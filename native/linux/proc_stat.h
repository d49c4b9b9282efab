// The facts in /proc/<pid>/stat.
#pragma once

#include <cstdint>

namespace busbar::linux_platform {

// The pid in the low half, the start time of the process (in ticks since boot) in the high half; 0
// when there is no such process or it is a zombie.
[[nodiscard]] std::uint64_t process_token(std::uint32_t pid) noexcept;

// The namespace of this process's pids; 0 without /proc.
[[nodiscard]] std::uint64_t pid_namespace() noexcept;

// True if a signal or a tracer has stopped the process.
[[nodiscard]] bool is_stopped(std::uint32_t pid) noexcept;
// True if one of its threads runs or is ready to. Not if one waits for the disk: threads of a
// frozen container look the same. Looks at 256 threads at most.
[[nodiscard]] bool is_runnable(std::uint32_t pid) noexcept;

}  // namespace busbar::linux_platform
