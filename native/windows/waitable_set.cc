// Groups of objects, and the threads that wait for them.
#include "windows/waitable_set.h"

#include <algorithm>
#include <array>
#include <utility>

#include "windows/event_doorbell.h"
#include "windows/wait_group.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {

WaitableSet::WaitableSet(Handle wake, Handle overflow) noexcept
    : wake_(std::move(wake)), overflow_(std::move(overflow)) {}

WaitableSet::~WaitableSet() = default;

Result<std::unique_ptr<WaitableSet>> WaitableSet::create() {
  auto wake = create_event(false);
  if (!wake) return wake.error();
  auto overflow = create_event(false);
  if (!overflow) return overflow.error();
  std::unique_ptr<WaitableSet> set(new WaitableSet(wake.take(), overflow.take()));
  set->groups_.push_back(std::make_unique<WaitGroup>());
  return set;
}

Error WaitableSet::add(RawHandle object, std::uint64_t key) {
  const auto roomy = std::find_if(groups_.begin(), groups_.end(),
                                  [](const auto& group) { return !group->full(); });
  if (roomy != groups_.end()) {
    (*roomy)->add(object, key);
    return {};
  }
  groups_.push_back(std::make_unique<WaitGroup>());
  const Error error = start_helpers(groups_.size() - 1);
  if (!error.ok()) {
    groups_.pop_back();
    return error;
  }
  groups_.back()->add(object, key);
  return {};
}

void WaitableSet::remove(std::uint64_t key) noexcept {
  for (const auto& group : groups_) {
    if (!group->contains(key)) continue;
    group->remove(key);
    break;
  }
  while (groups_.size() > 1 && groups_.back()->objects().empty()) groups_.pop_back();
}

void WaitableSet::wake() noexcept {
  ::SetEvent(borrow_handle(wake_));
  report_ready();
}

void WaitableSet::wait(std::uint32_t milliseconds) noexcept {
  std::array<HANDLE, WaitGroup::kRoom + 2> waited;
  waited[0] = borrow_handle(wake_);
  waited[1] = borrow_handle(overflow_);
  const auto& first = groups_.front()->objects();
  std::copy(first.begin(), first.end(), waited.begin() + 2);
  ::WaitForMultipleObjects(static_cast<DWORD>(first.size() + 2), waited.data(), FALSE,
                           milliseconds);
}

bool WaitableSet::take_wake() noexcept {
  if (::WaitForSingleObject(borrow_handle(wake_), 0) != WAIT_OBJECT_0) return false;
  ::ResetEvent(borrow_handle(wake_));
  return true;
}

void WaitableSet::look(const std::function<bool(std::uint64_t key)>& visit) {
  // Reset first, so that a helper's later signal is not lost.
  const bool helped = groups_.size() > 1 || all_helped_;
  if (helped) ::ResetEvent(borrow_handle(overflow_));
  bool complete = true;
  for (const auto& group : groups_) {
    complete = group->look(visit);
    if (!complete) break;
  }
  if (!helped) return;
  // Objects that were not checked, or are still signaled, are reported again.
  for (const auto& group : groups_) group->rearm();
  if (!complete) ::SetEvent(borrow_handle(overflow_));
}

Error WaitableSet::call_when_ready(std::function<void()> ready) {
  const bool listening = static_cast<bool>(ready);
  {
    const std::lock_guard guard(ready_mutex_);
    ready_ = std::move(ready);
  }
  if (!listening) return {};
  all_helped_ = true;
  return start_helpers(0);
}

void WaitableSet::report_ready() noexcept {
  const std::lock_guard guard(ready_mutex_);
  if (ready_) ready_();
}

Error WaitableSet::start_helpers(std::size_t first) {
  for (std::size_t i = first; i < groups_.size(); ++i) {
    if (groups_[i]->has_helper()) continue;
    const Error error = groups_[i]->start_helper([this] {
      ::SetEvent(borrow_handle(overflow_));
      report_ready();
    });
    if (!error.ok()) return error;
  }
  return {};
}

}  // namespace busbar::windows_platform
