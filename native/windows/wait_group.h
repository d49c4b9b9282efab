// WaitGroup: up to 62 objects, and optionally a helper thread that waits for them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/status.h"
#include "platform/thread.h"
#include "windows/kernel_handle.h"

namespace busbar::windows_platform {

class WaitGroup {
 public:
  // The system's limit is 64; the set needs two for itself.
  static constexpr std::size_t kRoom = 62;

  WaitGroup() = default;
  ~WaitGroup();
  WaitGroup(const WaitGroup&) = delete;
  WaitGroup& operator=(const WaitGroup&) = delete;

  [[nodiscard]] bool full() const noexcept { return objects_.size() == kRoom; }
  [[nodiscard]] bool contains(std::uint64_t key) const noexcept;
  [[nodiscard]] const std::vector<RawHandle>& objects() const noexcept { return objects_; }

  void add(RawHandle object, std::uint64_t key);
  void remove(std::uint64_t key) noexcept;
  // As WaitableSet::look; false when `visit` asked to stop.
  bool look(const std::function<bool(std::uint64_t key)>& visit) const;

  // Starts a thread that calls `signaled` when an object is signaled, then rests until rearm().
  [[nodiscard]] Error start_helper(std::function<void()> signaled);
  [[nodiscard]] bool has_helper() const noexcept { return thread_ != nullptr; }
  void rearm() noexcept;

 private:
  void run(const std::function<void()>& signaled);
  // Called around every change of the objects: meanwhile the helper does not wait for them.
  void hold_helper() noexcept;
  void release_helper() noexcept;

  std::vector<RawHandle> objects_;
  std::vector<std::uint64_t> keys_;

  // State of the helper.
  Handle interrupt_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // The helper is waiting for the objects.
  bool waiting_ = false;
  // The helper must not wait.
  bool held_ = false;
  // The helper has reported a signal and may wait again.
  bool armed_ = false;
  bool stopping_ = false;
  std::unique_ptr<Thread> thread_;
};

}  // namespace busbar::windows_platform
