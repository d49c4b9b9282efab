// Kernel objects as JavaScript values, and the addon's functions for them. A value is an external
// that owns a busbar::Handle. A handle that was not taken is closed by garbage collection or at the
// end of the environment.
#pragma once

#include <napi.h>

#include "platform/handle.h"

namespace busbar::node {

[[nodiscard]] Napi::Value handle_value(Napi::Env env, Handle handle);
// The object of `value`, which owns it; nullptr for any other value.
[[nodiscard]] Handle* handle_of(napi_env env, napi_value value);

// Adds the functions from adoptDescriptor to duplicateSocket of src/native/addon.ts.
void add_handle_functions(Napi::Env env, Napi::Object exports);

}  // namespace busbar::node
