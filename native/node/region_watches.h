// RegionWatches: tells an environment which of the regions that it watches are free. From the
// keeper's thread onto the event loop, which is not kept alive by it.
#pragma once

#include <napi.h>

#include <cstdint>
#include <memory>
#include <set>

#include "core/region/region_table.h"

namespace busbar::node {

// On the environment's thread.
class RegionWatches {
 public:
  RegionWatches() = default;
  RegionWatches(const RegionWatches&) = delete;
  RegionWatches& operator=(const RegionWatches&) = delete;
  ~RegionWatches() = default;

  // Calls `listener(number)` on the event loop once for each watch; once an environment.
  [[nodiscard]] napi_status listen(napi_env env, napi_value listener);
  // The number of the watch.
  [[nodiscard]] Result<std::uint64_t> watch(const std::shared_ptr<MemoryRegion>& region);
  void unwatch(std::uint64_t number);

 private:
  static void call_listener(napi_env env, napi_value listener, void* context, void* data);
  void stop();

  napi_threadsafe_function call_ = nullptr;
  std::set<RegionKeeper::Watch> watches_;
};

}  // namespace busbar::node
