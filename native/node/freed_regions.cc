// The queue of numbers, and its way onto the event loop.
#include "node/freed_regions.h"

#include <utility>

#include "node/uncaught.h"

namespace busbar::node {

// On the environment's thread.
void FreedRegions::call_listener(napi_env env, napi_value listener, void* context, void*) {
  // The environment is ending.
  if (env == nullptr) return;
  for (const std::uint64_t number : static_cast<FreedRegions*>(context)->take()) {
    napi_value global = nullptr;
    napi_value value = nullptr;
    if (napi_get_global(env, &global) != napi_ok ||
        napi_create_double(env, static_cast<double>(number), &value) != napi_ok) {
      return;
    }
    (void)napi_call_function(env, global, listener, 1, &value, nullptr);
    report_exception(env);
  }
}

napi_status FreedRegions::listen(const std::shared_ptr<FreedRegions>& self, napi_env env,
                                 napi_value listener) {
  if (self->call_ != nullptr) return napi_ok;
  napi_value name = nullptr;
  napi_status status = napi_create_string_utf8(env, "busbar", NAPI_AUTO_LENGTH, &name);
  if (status != napi_ok) return status;
  napi_threadsafe_function call = nullptr;
  status = napi_create_threadsafe_function(env, listener, nullptr, name, 0, 1, nullptr, nullptr,
                                           self.get(), call_listener, &call);
  if (status != napi_ok) return status;
  (void)napi_unref_threadsafe_function(env, call);
  {
    const std::lock_guard lock(self->mutex_);
    self->call_ = call;
  }
  // The hooks run in reverse order, so that this one runs before the function's own hook, and add()
  // never calls a function that is gone.
  return napi_add_env_cleanup_hook(
      env, [](void* data) { static_cast<FreedRegions*>(data)->stop(); }, self.get());
}

void FreedRegions::add(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  if (call_ == nullptr) return;
  numbers_.push_back(number);
  // One call takes all numbers.
  if (numbers_.size() == 1)
    (void)napi_call_threadsafe_function(call_, nullptr, napi_tsfn_nonblocking);
}

std::vector<std::uint64_t> FreedRegions::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(numbers_, {});
}

void FreedRegions::stop() {
  const std::lock_guard lock(mutex_);
  numbers_.clear();
  (void)napi_release_threadsafe_function(std::exchange(call_, nullptr), napi_tsfn_abort);
}

}  // namespace busbar::node
