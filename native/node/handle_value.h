// A busbar::Handle as a JavaScript value: an external that owns it. Garbage collection, or the end
// of the environment, closes what nobody took.
#pragma once

#include <napi.h>

#include "platform/handle.h"

namespace busbar::node {

[[nodiscard]] Napi::Value handle_value(Napi::Env env, Handle handle);
// nullptr when `value` is nothing of the kind. Owned by the value.
[[nodiscard]] Handle* handle_of(napi_env env, napi_value value);

// Adds adoptDescriptor, duplicateDescriptor, duplicateHandle, duplicateSocket, isOpen,
// descriptorOf, takeDescriptor, socketOf, takeSocket and closeHandle.
void add_handle_functions(Napi::Env env, Napi::Object exports);

}  // namespace busbar::node
