// The lock between the program's thread and the control thread, with real threads.
#include <atomic>
#include <thread>

#include "core/endpoint/biased_lock.h"
#include "support/check.h"

namespace busbar::test {

TEST(biased_lock_keeps_owner_and_visitor_apart) {
  native_platform().prepare_process_fence();
  BiasedLock lock(native_platform());
  // Plain numbers: only the lock makes them right (and a thread checker content).
  std::uint64_t total = 0;
  int inside = 0;
  std::atomic<bool> overlapped{false};
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> visits{0};
  std::thread visitor([&] {
    while (!done.load()) {
      lock.lock_as_visitor();
      if (++inside != 1) overlapped = true;
      ++total;
      ++visits;
      --inside;
      lock.unlock_as_visitor();
      std::this_thread::yield();
    }
  });
  std::uint64_t entries = 0;
  for (; visits.load() < 2000; ++entries) {
    const OwnerGuard guard(lock);
    if (++inside != 1) overlapped = true;
    ++total;
    --inside;
  }
  done = true;
  visitor.join();
  CHECK(!overlapped.load());
  CHECK_EQ(total, entries + visits.load());
}

TEST(biased_lock_owner_waits_for_a_long_visit) {
  native_platform().prepare_process_fence();
  BiasedLock lock(native_platform());
  std::atomic<bool> entered{false};
  int value = 0;
  lock.lock_as_visitor();
  std::thread owner([&] {
    entered = true;
    const OwnerGuard guard(lock);
    value *= 10;
  });
  while (!entered.load()) std::this_thread::yield();
  value = 4;
  lock.unlock_as_visitor();
  owner.join();
  CHECK_EQ(value, 40);
}

}  // namespace busbar::test
