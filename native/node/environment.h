// Environment: the state of the addon in one JavaScript environment (main thread, worker or
// context), above all its open bindings, which are closed when the environment ends. The addon has
// hardly any static state.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "node/endpoint_binding.h"
#include "node/freed_regions.h"
#include "node/region_views.h"

namespace busbar::node {

class Environment {
 public:
  // The state of `env`; made by set_up().
  [[nodiscard]] static Environment& of(Napi::Env env);
  static void set_up(Napi::Env env);

  void add(Napi::Env env, const std::shared_ptr<EndpointBinding>& binding);
  void remove(const EndpointBinding* binding);

  // Shared with region handles, which may be collected after the environment's data.
  [[nodiscard]] const std::shared_ptr<RegionViews>& region_views() noexcept { return views_; }
  // Shared with the registries, whose regions may become free after the environment has ended.
  [[nodiscard]] const std::shared_ptr<FreedRegions>& freed_regions() noexcept { return freed_; }

  // The class of endpoint objects; nullptr for none.
  void set_endpoint_class(Napi::Env env, napi_value its_class) {
    if (its_class == nullptr) return;
    class_ = Napi::Persistent(Napi::Function(env, its_class));
    // It ends with the environment, of which nothing may be asked any more by then.
    class_.SuppressDestruct();
  }
  [[nodiscard]] napi_value endpoint_class() const { return class_.Value(); }

 private:
  // Terminating a worker with open uv handles would abort the process, so teardown waits until they
  // are closed.
  static void tear_down(napi_async_cleanup_hook_handle handle, void* data);
  // For a runtime without libuv, where nothing has to be waited for. (Deno frees asynchronous hooks
  // twice.)
  static void tear_down_at_once(void* data);

  std::vector<std::shared_ptr<EndpointBinding>> bindings_;
  Napi::FunctionReference class_;
  std::size_t closing_ = 0;
  // A cleanup hook has been added.
  bool watched_ = false;
  std::shared_ptr<RegionViews> views_ = std::make_shared<RegionViews>();
  std::shared_ptr<FreedRegions> freed_ = std::make_shared<FreedRegions>();
};

}  // namespace busbar::node
