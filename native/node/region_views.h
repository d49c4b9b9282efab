// RegionViews: the ArrayBuffers of one environment that lie over mapped regions: one a region,
// however many hands hold it there, empty from the moment in which the last of them lets go.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <memory>
#include <unordered_map>

#include "core/region/memory_region.h"

namespace busbar::node {

// On the environment's thread.
class RegionViews {
 public:
  // The buffer over all of `region`; the same one while somebody has it. `first`: this hand has not
  // asked before; undone by drop(). napi_no_external_buffers_allowed where V8 takes no foreign
  // memory.
  [[nodiscard]] napi_status view(napi_env env, const std::shared_ptr<MemoryRegion>& region,
                                 bool first, napi_value& out);
  // One hand less. The last one empties the buffer, so that no view outlives the memory.
  void drop(napi_env env, const MemoryRegion& region);

 private:
  struct View {
    // Weak: whoever collects the buffer frees it.
    napi_ref buffer = nullptr;
    std::size_t hands = 0;
  };

  [[nodiscard]] static napi_status make(napi_env env, const std::shared_ptr<MemoryRegion>& region,
                                        napi_value& out);

  std::unordered_map<const MemoryRegion*, View> views_;
};

}  // namespace busbar::node
