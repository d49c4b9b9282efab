// External buffers over mapped regions.
#include "node/region_views.h"

#include <map>
#include <mutex>
#include <utility>

namespace busbar::node {
namespace {

// The regions that stay mapped because V8 has a buffer over them. They have numbers, because the
// finalizer of a buffer that could not be made runs at once, later or never, depending on the
// runtime: let_go() does nothing the second time.
class ViewedRegions {
 public:
  static ViewedRegions& get() {
    // Never destroyed: buffers may outlive everything else.
    static ViewedRegions& all = *new ViewedRegions();
    return all;
  }

  std::uintptr_t keep(const std::shared_ptr<MemoryRegion>& region) {
    const std::lock_guard guard(mutex_);
    regions_.emplace(++last_, region);
    return last_;
  }

  void let_go(std::uintptr_t number) {
    // Destroyed after the lock, so that the region is unmapped without it.
    std::shared_ptr<MemoryRegion> last;
    const std::lock_guard guard(mutex_);
    const auto found = regions_.find(number);
    if (found == regions_.end()) return;
    last = std::move(found->second);
    regions_.erase(found);
  }

 private:
  std::mutex mutex_;
  std::map<std::uintptr_t, std::shared_ptr<MemoryRegion>> regions_;
  std::uintptr_t last_ = 0;
};

void finalize(napi_env, void*, void* number) {
  ViewedRegions::get().let_go(reinterpret_cast<std::uintptr_t>(number));
}

}  // namespace

napi_status RegionViews::make(napi_env env, const std::shared_ptr<MemoryRegion>& region,
                              napi_value& out) {
  if (region->size() > kMaxRegionBytes) return napi_invalid_arg;
  // Keeps the mapping while V8 has the buffer, even if all handles are released.
  const std::uintptr_t number = ViewedRegions::get().keep(region);
  const napi_status status = napi_create_external_arraybuffer(
      env, region->data(), region->size(), finalize, reinterpret_cast<void*>(number), &out);
  if (status != napi_ok) ViewedRegions::get().let_go(number);
  return status;
}
napi_status RegionViews::view(napi_env env, const std::shared_ptr<MemoryRegion>& region, bool first,
                              napi_value& out) {
  View& view = views_[region.get()];
  out = nullptr;
  if (view.buffer != nullptr) (void)napi_get_reference_value(env, view.buffer, &out);
  napi_status status = napi_ok;
  if (out == nullptr) {
    status = make(env, region, out);
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
    (void)napi_detach_arraybuffer(env, buffer);
  (void)napi_delete_reference(env, found->second.buffer);
  views_.erase(found);
}

}  // namespace busbar::node
