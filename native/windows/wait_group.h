// WaitGroup: up to 62 objects, and the helper thread that waits for them if there is one.
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
  // Two of the system's 64 are the set's own.
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
  // As WaitableSet::look; false when `told` wants no more.
  bool look(const std::function<bool(std::uint64_t key)>& told) const;

  // A thread that calls `signaled` when an object is, and then rests until rearm().
  [[nodiscard]] Error start_helper(std::function<void()> signaled);
  [[nodiscard]] bool has_helper() const noexcept { return thread_ != nullptr; }
  void rearm() noexcept;

 private:
  void run(const std::function<void()>& signaled);
  // Around every change of the objects: the helper lets go of them meanwhile.
  void hold_helper() noexcept;
  void release_helper() noexcept;

  std::vector<RawHandle> objects_;
  std::vector<std::uint64_t> keys_;

  // What follows is for the helper.
  Handle interrupt_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // It waits for the objects.
  bool waiting_ = false;
  // It must not.
  bool held_ = false;
  // It has told of the objects and may wait for them again.
  bool armed_ = false;
  bool stopping_ = false;
  std::unique_ptr<Thread> thread_;
};

}  // namespace busbar::windows_platform
