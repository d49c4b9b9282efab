// RegionViews: the ArrayBuffers of one environment over mapped regions: one for each region, shared
// by all handles of the region in this environment, and detached when the last of these handles is
// released.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>

#include "core/region/memory_region.h"

namespace busbar::node {

// On the environment's thread.
class RegionViews {
 public:
  // The buffer over all of `region`; the same buffer as long as JavaScript has it. `first`: the
  // handle has not asked before; drop() undoes that. napi_no_external_buffers_allowed where V8
  // refuses external memory.
  [[nodiscard]] napi_status view(napi_env env, const std::shared_ptr<MemoryRegion>& region,
                                 bool first, napi_value& out);
  // A handle that asked is released. The last one detaches the buffer, so that no view outlives the
  // memory.
  void drop(napi_env env, const MemoryRegion& region);

 private:
  struct View {
    // Weak: garbage collection of the buffer frees it.
    napi_ref buffer = nullptr;
    std::uintptr_t number = 0;
    std::size_t hands = 0;
  };

  [[nodiscard]] static napi_status make(napi_env env, const std::shared_ptr<MemoryRegion>& region,
                                        napi_value& out, std::uintptr_t& number);

  std::unordered_map<const MemoryRegion*, View> views_;
};

}  // namespace busbar::node
