// External buffers over mapped regions.
#include "node/region_views.h"

#include <utility>

#include "node/viewed_memory.h"

namespace busbar::node {

napi_status RegionViews::make(napi_env env, const std::shared_ptr<MemoryRegion>& region,
                              napi_value& out, std::uintptr_t& number) {
  if (region->size() > kMaxRegionBytes) return napi_invalid_arg;
  // Keeps the mapping while V8 has the buffer, even if all handles are released.
  return ViewedMemory::view(env, region->data(), region->size(), region, out, number);
}

napi_status RegionViews::view(napi_env env, const std::shared_ptr<MemoryRegion>& region, bool first,
                              napi_value& out) {
  View& view = views_[region.get()];
  out = nullptr;
  if (view.buffer != nullptr) (void)napi_get_reference_value(env, view.buffer, &out);
  napi_status status = napi_ok;
  if (out == nullptr) {
    status = make(env, region, out, view.number);
    if (status == napi_ok) {
      if (view.buffer != nullptr) (void)napi_delete_reference(env, view.buffer);
      view.buffer = nullptr;
      status = napi_create_reference(env, out, 0, &view.buffer);
    }
  }
  if (status == napi_ok && first) ++view.hands;
  if (view.hands == 0) views_.erase(region.get());
  return status;
}

void RegionViews::drop(napi_env env, const MemoryRegion& region) {
  const auto found = views_.find(&region);
  if (found == views_.end() || --found->second.hands != 0) return;
  napi_value buffer = nullptr;
  if (napi_get_reference_value(env, found->second.buffer, &buffer) == napi_ok && buffer != nullptr)
    ViewedMemory::detach(env, buffer, found->second.number);
  (void)napi_delete_reference(env, found->second.buffer);
  views_.erase(found);
}

}  // namespace busbar::node
