// WaitForMultipleObjects.
#include "windows/wait_group.h"

#include <algorithm>
#include <array>
#include <utility>

#include "windows/event_doorbell.h"
#include "windows/system_thread.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {

WaitGroup::~WaitGroup() {
  if (thread_ == nullptr) return;
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
    ::SetEvent(borrow_handle(interrupt_));
    changed_.notify_all();
  }
  thread_->join();
}

bool WaitGroup::contains(std::uint64_t key) const noexcept {
  return std::find(keys_.begin(), keys_.end(), key) != keys_.end();
}

void WaitGroup::add(RawHandle object, std::uint64_t key) {
  hold_helper();
  objects_.push_back(object);
  keys_.push_back(key);
  release_helper();
}

void WaitGroup::remove(std::uint64_t key) noexcept {
  const auto found = std::find(keys_.begin(), keys_.end(), key);
  if (found == keys_.end()) return;
  hold_helper();
  objects_.erase(objects_.begin() + (found - keys_.begin()));
  keys_.erase(found);
  release_helper();
}

bool WaitGroup::look(const std::function<bool(std::uint64_t key)>& visit) const {
  // The call returns the first object that is signaled; the ones after it are checked next.
  std::size_t next = 0;
  while (next < objects_.size()) {
    const auto count = static_cast<DWORD>(objects_.size() - next);
    const DWORD answer = ::WaitForMultipleObjects(count, objects_.data() + next, FALSE, 0);
    if (answer >= WAIT_OBJECT_0 + count) return true;
    next += answer - WAIT_OBJECT_0;
    if (!visit(keys_[next])) return false;
    ++next;
  }
  return true;
}

Error WaitGroup::start_helper(std::function<void()> signaled) {
  Result<Handle> interrupt = create_event(false);
  if (!interrupt) return interrupt.error();
  interrupt_ = interrupt.take();
  auto thread = start_system_thread([this, report = std::move(signaled)] { run(report); });
  if (!thread) return thread.error();
  thread_ = thread.take();
  return {};
}

void WaitGroup::rearm() noexcept {
  if (thread_ == nullptr) return;
  const std::lock_guard guard(mutex_);
  armed_ = true;
  changed_.notify_all();
}

void WaitGroup::run(const std::function<void()>& signaled) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !held_; });
    if (stopping_) return;
    std::array<HANDLE, kRoom + 1> waited;
    waited[0] = borrow_handle(interrupt_);
    std::copy(objects_.begin(), objects_.end(), waited.begin() + 1);
    const auto count = static_cast<DWORD>(objects_.size() + 1);
    waiting_ = true;
    armed_ = false;
    lock.unlock();
    const DWORD answer = ::WaitForMultipleObjects(count, waited.data(), FALSE, INFINITE);
    lock.lock();
    waiting_ = false;
    ::ResetEvent(borrow_handle(interrupt_));
    changed_.notify_all();
    if (answer == WAIT_OBJECT_0) continue;
    lock.unlock();
    signaled();
    lock.lock();
    changed_.wait(lock, [this] { return armed_ || held_ || stopping_; });
  }
}

// Not SignalObjectAndWait: when a read of the calling thread ends meanwhile, Wine signals twice,
// and the two threads stay out of step.
void WaitGroup::hold_helper() noexcept {
  if (thread_ == nullptr) return;
  std::unique_lock lock(mutex_);
  held_ = true;
  ::SetEvent(borrow_handle(interrupt_));
  changed_.notify_all();
  changed_.wait(lock, [this] { return !waiting_; });
}

void WaitGroup::release_helper() noexcept {
  if (thread_ == nullptr) return;
  const std::lock_guard guard(mutex_);
  held_ = false;
  changed_.notify_all();
}

}  // namespace busbar::windows_platform
