// WaitableSet: sleeps on any number of objects. The system waits for 64 at a time; the first 62 are
// waited for by whoever calls wait(), the others by helper threads, one for each further 62.
//
//   wake()  ------------+
//   objects 1..62 ------+--> wait(), on the caller's thread
//   objects 63..124 --> helper thread --> overflow event --^
//
// With call_when_ready() all groups have a helper, which calls back instead. A helper that has told
// of its group rests until the next look().
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

  // Waits for `object` from now on; it stays the caller's and open until remove(). Keys are unique.
  [[nodiscard]] Error add(RawHandle object, std::uint64_t key);
  void remove(std::uint64_t key) noexcept;

  // Ends the current or next wait(). Any thread.
  void wake() noexcept;
  // Sleeps until an object is signaled, wake() was called or the time is over. Takes nothing.
  void wait(std::uint32_t milliseconds) noexcept;
  // Whether wake() was called since the last time that this was asked.
  [[nodiscard]] bool take_wake() noexcept;
  // Calls `told` with the key of each object that is signaled now, until it returns false. What it
  // is told of may be reset by it.
  void look(const std::function<bool(std::uint64_t key)>& told);

  // From now on `ready` is called from threads of the set's own, or that of wake(), when there is
  // something to wait() for. Must neither block nor touch the set. Empty: no longer; it is not
  // running either when this returns.
  [[nodiscard]] Error call_when_ready(std::function<void()> ready);

 private:
  WaitableSet(Handle wake, Handle overflow) noexcept;
  [[nodiscard]] Error start_helpers(std::size_t first);
  void tell_ready() noexcept;

  Handle wake_;
  Handle overflow_;
  std::mutex ready_mutex_;
  std::function<void()> ready_;
  bool all_helped_ = false;
  std::vector<std::unique_ptr<WaitGroup>> groups_;
};

}  // namespace busbar::windows_platform
