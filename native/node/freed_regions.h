// FreedRegions: the numbers of regions that became free, on their way from whoever found it out
// (the keeper's thread, or a registry in the middle of a call) to a listener in JavaScript. They do
// not keep the event loop alive.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace busbar::node {

// The keeper may hold it for longer than the environment lives.
class FreedRegions {
 public:
  FreedRegions() = default;
  FreedRegions(const FreedRegions&) = delete;
  FreedRegions& operator=(const FreedRegions&) = delete;
  ~FreedRegions() = default;

  // On the environment's thread: calls `listener(number)` on the event loop for each number that
  // nobody takes before. Once an environment.
  [[nodiscard]] static napi_status listen(const std::shared_ptr<FreedRegions>& self, napi_env env,
                                          napi_value listener);
  // Any thread. Forgotten after the end of the environment.
  void add(std::uint64_t number);
  // The numbers that the listener has not been called with, and will not be.
  [[nodiscard]] std::vector<std::uint64_t> take();

 private:
  static void call_listener(napi_env env, napi_value listener, void* context, void* data);
  void stop();

  std::mutex mutex_;
  // nullptr before listen(), and once the environment has ended.
  napi_threadsafe_function call_ = nullptr;
  std::vector<std::uint64_t> numbers_;
};

}  // namespace busbar::node
