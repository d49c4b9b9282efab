// A memory fence in all threads of the process, by membarrier(2).
#pragma once

namespace busbar::linux_platform {

// Returns false before prepare_process_fence(), on kernels without membarrier(2), and where a
// sandbox forbids it.
[[nodiscard]] bool fence_process() noexcept;

// Registers the process with the kernel, which waits for an RCU grace period: about 10 ms in a
// process with several threads, once.
void prepare_process_fence() noexcept;

}  // namespace busbar::linux_platform
