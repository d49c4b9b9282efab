// Environment: what the addon keeps for one JavaScript environment (main thread, worker or
// context): the bindings that are open there, so that all can be closed when the environment ends.
// No static state anywhere else.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "node/endpoint_binding.h"
#include "node/region_views.h"
#include "node/region_watches.h"

namespace busbar::node {

class Environment {
 public:
  // The one of `env`; made by set_up().
  [[nodiscard]] static Environment& of(Napi::Env env);
  static void set_up(Napi::Env env);

  void add(Napi::Env env, const std::shared_ptr<EndpointBinding>& binding);
  void remove(const EndpointBinding* binding);

  // Handles keep it, because they may be collected after the environment's data.
  [[nodiscard]] const std::shared_ptr<RegionViews>& region_views() noexcept { return views_; }
  [[nodiscard]] RegionWatches& region_watches() noexcept { return watches_; }

 private:
  // Terminating a worker while its uv handles are open would abort the process, so teardown waits
  // for their closing.
  static void tear_down(napi_async_cleanup_hook_handle handle, void* data);
  // Where no such handles are: a hook that need not wait. (Deno's asynchronous ones free twice.)
  static void tear_down_at_once(void* data);

  std::vector<std::shared_ptr<EndpointBinding>> bindings_;
  std::size_t closing_ = 0;
  // A hook waits for the end of the environment.
  bool watched_ = false;
  std::shared_ptr<RegionViews> views_ = std::make_shared<RegionViews>();
  RegionWatches watches_;
};

}  // namespace busbar::node
