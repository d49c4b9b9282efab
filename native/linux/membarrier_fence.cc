// A memory fence in all threads of the process, by membarrier(2).
#include "linux/membarrier_fence.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace busbar::linux_platform {
namespace {

bool membarrier(int command) noexcept { return ::syscall(SYS_membarrier, command, 0, 0) == 0; }

// Registration belongs to the process, so all threads share this flag.
std::atomic<bool> registered{false};

}  // namespace

bool fence_process() noexcept {
  return registered.load(std::memory_order_relaxed) && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

void prepare_process_fence() noexcept {
  if (registered.load(std::memory_order_relaxed)) return;
  if (membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED))
    registered.store(true, std::memory_order_relaxed);
}

}  // namespace busbar::linux_platform
