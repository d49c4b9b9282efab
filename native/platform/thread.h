// Thread: the control thread of an endpoint. Not std::thread, which ends the process when the
// system has no thread left.
#pragma once

namespace busbar {

class Thread {
 public:
  // Call join() first.
  virtual ~Thread() = default;
  // Waits until the thread's function has returned. Repeated calls do nothing.
  virtual void join() noexcept = 0;
};

}  // namespace busbar
