// Per-environment state and its teardown.
#include "node/environment.h"

#include <algorithm>
#include <utility>

namespace busbar::node {
namespace {

// Takes as long as the slowest, not as long as all of them.
void close_all(const std::vector<std::shared_ptr<EndpointDoor>>& doors) {
  for (const auto& door : doors) door->begin_close();
  for (const auto& door : doors) door->close_now();
}

}  // namespace

Environment& Environment::of(Napi::Env env) { return *env.GetInstanceData<Environment>(); }

void Environment::set_up(Napi::Env env) { env.SetInstanceData<Environment>(new Environment()); }

void Environment::add(Napi::Env env, const std::shared_ptr<EndpointDoor>& door) {
  doors_.push_back(door);
  if (std::exchange(watched_, true)) return;
  if (door->host_has_libuv()) {
    napi_async_cleanup_hook_handle handle = nullptr;
    (void)napi_add_async_cleanup_hook(env, tear_down, this, &handle);
  } else {
    (void)napi_add_env_cleanup_hook(env, tear_down_at_once, this);
  }
}

void Environment::remove(const EndpointDoor* door) {
  std::erase_if(doors_,
                [door](const std::shared_ptr<EndpointDoor>& each) { return each.get() == door; });
}

void Environment::tear_down(napi_async_cleanup_hook_handle handle, void* data) {
  auto* environment = static_cast<Environment*>(data);
  if (environment->doors_.empty()) {
    (void)napi_remove_async_cleanup_hook(handle);
    return;
  }
  const std::vector<std::shared_ptr<EndpointDoor>> doors = std::move(environment->doors_);
  environment->doors_.clear();
  environment->closing_ = doors.size();
  close_all(doors);
  for (const auto& door : doors) {
    door->detach([environment, handle] {
      if (--environment->closing_ == 0) (void)napi_remove_async_cleanup_hook(handle);
    });
  }
}

void Environment::tear_down_at_once(void* data) {
  auto* environment = static_cast<Environment*>(data);
  const std::vector<std::shared_ptr<EndpointDoor>> doors = std::move(environment->doors_);
  environment->doors_.clear();
  close_all(doors);
  for (const auto& door : doors) door->detach([] {});
}

}  // namespace busbar::node
