// The keeper's news on the event loop.
#include "node/region_watches.h"

#include "node/uncaught.h"

namespace busbar::node {
// On the environment's thread; `data` is the watch's number.
void RegionWatches::call_listener(napi_env env, napi_value listener, void* context, void* data) {
  const std::uint64_t watch = reinterpret_cast<std::uintptr_t>(data);
  auto* watches = static_cast<RegionWatches*>(context);
  napi_value global = nullptr;
  napi_value number = nullptr;
  // One that was given up meanwhile, or an environment that ends.
  if (env == nullptr || watches->watches_.erase(watch) == 0) return;
  if (napi_get_global(env, &global) != napi_ok ||
      napi_create_double(env, static_cast<double>(watch), &number) != napi_ok) {
    return;
  }
  (void)napi_call_function(env, global, listener, 1, &number, nullptr);
  report_exception(env);
}

napi_status RegionWatches::listen(napi_env env, napi_value listener) {
  if (call_ != nullptr) return napi_ok;
  napi_value name = nullptr;
  napi_status status = napi_create_string_utf8(env, "busbar", NAPI_AUTO_LENGTH, &name);
  if (status != napi_ok) return status;
  status = napi_create_threadsafe_function(env, listener, nullptr, name, 0, 1, nullptr, nullptr,
                                           this, call_listener, &call_);
  if (status != napi_ok) return status;
  (void)napi_unref_threadsafe_function(env, call_);
  // Added after the function's own hook and therefore run before it: nobody calls what is gone.
  return napi_add_env_cleanup_hook(
      env, [](void* data) { static_cast<RegionWatches*>(data)->stop(); }, this);
}

Result<std::uint64_t> RegionWatches::watch(const std::shared_ptr<MemoryRegion>& region) {
  if (call_ == nullptr) return Status::InvalidArgument;
  auto watch = process_regions().keeper().watch(region, [call = call_](RegionKeeper::Watch told) {
    (void)napi_call_threadsafe_function(call, reinterpret_cast<void*>(std::uintptr_t{told}),
                                        napi_tsfn_nonblocking);
  });
  if (watch) watches_.insert(watch.value());
  return watch;
}

void RegionWatches::unwatch(std::uint64_t number) {
  if (watches_.erase(number) != 0) process_regions().keeper().unwatch(number);
}

void RegionWatches::stop() {
  for (const RegionKeeper::Watch watch : watches_) process_regions().keeper().unwatch(watch);
  watches_.clear();
  (void)napi_release_threadsafe_function(call_, napi_tsfn_abort);
  call_ = nullptr;
}

}  // namespace busbar::node
