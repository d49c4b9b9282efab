// WaitForMultipleObjects.
#include "windows/wait_group.h"

#include <algorithm>
#include <array>
#include <utility>

#include "windows/system_thread.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {
namespace {

Result<Handle> create_auto_reset_event() {
  const HANDLE raw = ::CreateEventW(nullptr, FALSE, FALSE, nullptr);
  if (raw == nullptr) return last_error();
  return own_handle(raw);
}

}  // namespace

WaitGroup::~WaitGroup() {
  if (thread_ == nullptr) return;
  hold_helper();
  stopping_ = true;
  release_helper();
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

bool WaitGroup::look(const std::function<bool(std::uint64_t key)>& told) const {
  // The answer is the first that is signaled: what follows it is asked next.
  std::size_t next = 0;
  while (next < objects_.size()) {
    const auto count = static_cast<DWORD>(objects_.size() - next);
    const DWORD answer = ::WaitForMultipleObjects(count, objects_.data() + next, FALSE, 0);
    if (answer >= WAIT_OBJECT_0 + count) return true;
    next += answer - WAIT_OBJECT_0;
    if (!told(keys_[next])) return false;
    ++next;
  }
  return true;
}

Error WaitGroup::start_helper(std::function<void()> signaled) {
  for (Handle* event : {&hold_, &held_, &resume_, &rearm_}) {
    Result<Handle> made = create_auto_reset_event();
    if (!made) return made.error();
    *event = made.take();
  }
  auto thread = start_system_thread([this, told = std::move(signaled)] { run(told); });
  if (!thread) return thread.error();
  thread_ = thread.take();
  return {};
}

void WaitGroup::rearm() noexcept {
  if (thread_ != nullptr) ::SetEvent(borrow_handle(rearm_));
}

void WaitGroup::run(const std::function<void()>& signaled) {
  for (;;) {
    std::array<HANDLE, kRoom + 1> waited;
    waited[0] = borrow_handle(hold_);
    std::copy(objects_.begin(), objects_.end(), waited.begin() + 1);
    const auto count = static_cast<DWORD>(objects_.size() + 1);
    if (::WaitForMultipleObjects(count, waited.data(), FALSE, INFINITE) == WAIT_OBJECT_0) {
      if (!obey()) return;
      continue;
    }
    signaled();
    const std::array<HANDLE, 2> orders{borrow_handle(hold_), borrow_handle(rearm_)};
    const DWORD order = ::WaitForMultipleObjects(orders.size(), orders.data(), FALSE, INFINITE);
    if (order == WAIT_OBJECT_0 && !obey()) return;
  }
}

bool WaitGroup::obey() noexcept {
  ::SignalObjectAndWait(borrow_handle(held_), borrow_handle(resume_), INFINITE, FALSE);
  return !stopping_;
}

void WaitGroup::hold_helper() noexcept {
  if (thread_ == nullptr) return;
  ::SignalObjectAndWait(borrow_handle(hold_), borrow_handle(held_), INFINITE, FALSE);
}

void WaitGroup::release_helper() noexcept {
  if (thread_ != nullptr) ::SetEvent(borrow_handle(resume_));
}

}  // namespace busbar::windows_platform
