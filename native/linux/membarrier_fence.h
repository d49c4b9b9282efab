// A memory fence in all threads of the process, by membarrier(2).
#pragma once

namespace busbar::linux_platform {

// False where the kernel has no such call or a sandbox forbids it.
[[nodiscard]] bool fence_process() noexcept;

}  // namespace busbar::linux_platform
