// The rare halves of a BiasedLock: where owner and visitor meet.
#include "core/endpoint/biased_lock.h"

namespace busbar {

void BiasedLock::enter_behind_visitor() noexcept {
  owner_waits_.store(true, std::memory_order_relaxed);
  leave_to_visitor();
  mutex_.lock();
  owner_has_mutex_ = true;
  const std::lock_guard guard(leaving_mutex_);
  owner_waits_.store(false, std::memory_order_relaxed);
  left_.notify_one();
}

// The full fence: the visitor may be about to sleep, and what wakes it looks for sleepers first.
void BiasedLock::leave_to_visitor() noexcept {
  inside_.store(0, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const std::lock_guard guard(leaving_mutex_);
  left_.notify_one();
}

void BiasedLock::lock_as_visitor() noexcept {
  if (owner_waits_.load(std::memory_order_relaxed)) {
    std::unique_lock guard(leaving_mutex_);
    left_.wait(guard, [this] { return !owner_waits_.load(std::memory_order_relaxed); });
  }
  mutex_.lock();
  visitors_.store(1, std::memory_order_seq_cst);
  // From here on either the owner sees the visitor or the visitor sees the owner.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const bool fenced = platform_.fence_process();
  {
    std::unique_lock guard(leaving_mutex_);
    left_.wait(guard, [this] { return inside_.load(std::memory_order_acquire) == 0; });
  }
  if (fenced) asymmetric_.store(true, std::memory_order_release);
}

void BiasedLock::unlock_as_visitor() noexcept {
  visitors_.store(0, std::memory_order_release);
  mutex_.unlock();
}

}  // namespace busbar
