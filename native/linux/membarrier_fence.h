// A memory fence in all threads of the process, by membarrier(2).
#pragma once

namespace busbar::linux_platform {

// False before prepare_process_fence(), where the kernel has no such call, and where a sandbox
// forbids it.
[[nodiscard]] bool fence_process() noexcept;

// Registers the process with the kernel, which lets an RCU grace period pass: about 10 ms in a
// process with several threads, once.
void prepare_process_fence() noexcept;

}  // namespace busbar::linux_platform
