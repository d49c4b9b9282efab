// Kernel objects as JavaScript values, and the addon's functions for them. A value is an external
// that owns a busbar::Handle; garbage collection, or the end of the environment, closes a handle
// that nobody took.
#pragma once

#include <napi.h>

#include "platform/handle.h"

namespace busbar::node {

[[nodiscard]] Napi::Value handle_value(Napi::Env env, Handle handle);
// nullptr when `value` is nothing of the kind. Owned by the value.
[[nodiscard]] Handle* handle_of(napi_env env, napi_value value);

// Adds the functions from adoptDescriptor to duplicateSocket of src/native/addon.ts.
void add_handle_functions(Napi::Env env, Napi::Object exports);

}  // namespace busbar::node
