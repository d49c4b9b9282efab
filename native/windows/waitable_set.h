// WaitableSet: sleeps on any number of objects. The system can wait for 64 at a time: the caller of
// wait() waits for the first 62, helper threads for the others, one for every further 62.
//
//   wake()  ------------+
//   objects 1..62 ------+--> wait(), on the caller's thread
//   objects 63..124 --> helper thread --> overflow event --^
//
// With call_when_ready() all groups have a helper, which calls back instead. A helper that has
// reported its group rests until the next look().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/status.h"
#include "windows/kernel_handle.h"

namespace busbar::windows_platform {

class WaitGroup;

// One thread at a time, except wake().
class WaitableSet {
 public:
  static constexpr std::uint32_t kForEver = 0xffffffffU;

  [[nodiscard]] static Result<std::unique_ptr<WaitableSet>> create();
  ~WaitableSet();
  WaitableSet(const WaitableSet&) = delete;
  WaitableSet& operator=(const WaitableSet&) = delete;

  // Waits for `object` from now on; the caller owns it and keeps it open until remove(). Keys must
  // be unique.
  [[nodiscard]] Error add(RawHandle object, std::uint64_t key);
  void remove(std::uint64_t key) noexcept;

  // Ends the current or next wait(). Any thread.
  void wake() noexcept;
  // Sleeps until an object is signaled, wake() was called or the time has passed. Resets nothing.
  void wait(std::uint32_t milliseconds) noexcept;
  // True if wake() was called since the last take_wake().
  [[nodiscard]] bool take_wake() noexcept;
  // Calls `visit` with the key of each object that is signaled now, until it returns false. `visit`
  // may reset the object.
  void look(const std::function<bool(std::uint64_t key)>& visit);

  // From now on the set calls `ready`, from its own threads or the thread of wake(), when wait()
  // would return. `ready` must neither block nor touch the set. An empty `ready` ends the calls:
  // none is running when this returns.
  [[nodiscard]] Error call_when_ready(std::function<void()> ready);

 private:
  WaitableSet(Handle wake, Handle overflow) noexcept;
  [[nodiscard]] Error start_helpers(std::size_t first);
  void report_ready() noexcept;

  Handle wake_;
  Handle overflow_;
  std::mutex ready_mutex_;
  std::function<void()> ready_;
  bool all_helped_ = false;
  std::vector<std::unique_ptr<WaitGroup>> groups_;
};

}  // namespace busbar::windows_platform
