// Per-environment state and its teardown.
#include "node/environment.h"

#include <algorithm>
#include <utility>

namespace busbar::node {
namespace {

// Takes as long as the slowest binding, not as long as all together.
void close_all(const std::vector<std::shared_ptr<EndpointBinding>>& bindings) {
  for (const auto& binding : bindings) binding->begin_close();
  for (const auto& binding : bindings) binding->close_now();
}

}  // namespace

Environment& Environment::of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

void Environment::set_up(Napi::Env env) { env.SetInstanceData<Environment>(new Environment()); }

void Environment::add(Napi::Env env, const std::shared_ptr<EndpointBinding>& binding) {
  bindings_.push_back(binding);
  if (std::exchange(watched_, true)) return;
  if (binding->host_has_libuv()) {
    napi_async_cleanup_hook_handle handle = nullptr;
    (void)napi_add_async_cleanup_hook(env, tear_down, this, &handle);
  } else {
    (void)napi_add_env_cleanup_hook(env, tear_down_at_once, this);
  }
}

void Environment::remove(const EndpointBinding* binding) {
  std::erase_if(bindings_, [binding](const std::shared_ptr<EndpointBinding>& each) {
    return each.get() == binding;
  });
}

void Environment::tear_down(napi_async_cleanup_hook_handle handle, void* data) {
  auto* environment = static_cast<Environment*>(data);
  if (environment->bindings_.empty()) {
    (void)napi_remove_async_cleanup_hook(handle);
    return;
  }
  const std::vector<std::shared_ptr<EndpointBinding>> bindings = std::move(environment->bindings_);
  environment->bindings_.clear();
  environment->closing_ = bindings.size();
  close_all(bindings);
  for (const auto& binding : bindings) {
    binding->detach([environment, handle] {
      if (--environment->closing_ == 0) (void)napi_remove_async_cleanup_hook(handle);
    });
  }
}

void Environment::tear_down_at_once(void* data) {
  auto* environment = static_cast<Environment*>(data);
  const std::vector<std::shared_ptr<EndpointBinding>> bindings = std::move(environment->bindings_);
  environment->bindings_.clear();
  close_all(bindings);
  for (const auto& binding : bindings) binding->detach([] {});
}

}  // namespace busbar::node
