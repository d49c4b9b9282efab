// BiasedLock: mutual exclusion between one owner, who takes it for every message, and one visitor,
// who rarely needs it. The owner pays for two plain stores and a load, no atomic operation: an
// atomic one would wait until the ring's cache line, just published, has come back from the
// receiver's core. The visitor pays instead, by a fence that it makes the whole process execute,
// once the platform is prepared for that.
//
//   owner    inside = 1 ──(no fence)── visitors?  no: in        yes: inside = 0, take the mutex
//   visitor  mutex, visitors = 1, fence_process() ── inside?    no: in   yes: wait until it is 0
//
// An owner who waits is let in before the visitor comes again: a visitor who always has something
// to do, because a peer sees to that, would keep it out otherwise. The mutex alone is not fair.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "platform/platform.h"

namespace busbar {

// At most one thread at a time is owner and one is visitor.
class BiasedLock {
 public:
  explicit BiasedLock(Platform& platform) noexcept : platform_(platform) {}
  BiasedLock(const BiasedLock&) = delete;
  BiasedLock& operator=(const BiasedLock&) = delete;

  void lock_as_owner() noexcept;
  void unlock_as_owner() noexcept;
  void lock_as_visitor() noexcept;
  void unlock_as_visitor() noexcept;

 private:
  void owner_fence() const noexcept;
  void enter_behind_visitor() noexcept;
  void leave_to_visitor() noexcept;

  Platform& platform_;
  // The visitor fences the process from now on; before, each of the owner's entries costs a fence.
  // Set by the visitor: an owner that does not know it yet fences in vain.
  std::atomic<bool> asymmetric_{false};
  // Written by the owner only.
  bool owner_has_mutex_ = false;
  alignas(64) std::atomic<std::uint32_t> inside_{0};
  std::atomic<std::uint32_t> visitors_{0};
  // An owner came while the visitor was in, and has not had its turn yet.
  std::atomic<bool> owner_waits_{false};
  // Held by the visitor while it is in, and by an owner who came while it was.
  std::mutex mutex_;
  // Not std::atomic::wait: without futexes, the C++ library of GCC 12 loses wake-ups.
  std::mutex leaving_mutex_;
  std::condition_variable left_;
};

inline void BiasedLock::owner_fence() const noexcept {
  if (asymmetric_.load(std::memory_order_relaxed)) {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  } else {
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
}

// Around every message: what follows is a few instructions, fewer than a call.
[[gnu::always_inline]] inline void BiasedLock::lock_as_owner() noexcept {
  inside_.store(1, std::memory_order_relaxed);
  owner_fence();
  if (visitors_.load(std::memory_order_acquire) != 0) enter_behind_visitor();
}

[[gnu::always_inline]] inline void BiasedLock::unlock_as_owner() noexcept {
  if (owner_has_mutex_) {
    owner_has_mutex_ = false;
    mutex_.unlock();
    return;
  }
  inside_.store(0, std::memory_order_release);
  owner_fence();
  if (visitors_.load(std::memory_order_relaxed) != 0) leave_to_visitor();
}

// The owner, for as long as it lives.
class OwnerGuard {
 public:
  [[gnu::always_inline]] explicit OwnerGuard(BiasedLock& lock) noexcept : lock_(lock) {
    lock_.lock_as_owner();
  }
  [[gnu::always_inline]] ~OwnerGuard() { lock_.unlock_as_owner(); }
  OwnerGuard(const OwnerGuard&) = delete;
  OwnerGuard& operator=(const OwnerGuard&) = delete;

 private:
  BiasedLock& lock_;
};

}  // namespace busbar
