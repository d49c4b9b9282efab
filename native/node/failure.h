// What a failed call of the addon returns, and the details that JavaScript can ask for afterwards.
#pragma once

#include <napi.h>

#include "base/status.h"

namespace busbar::node {

// Returns -Status and keeps `error` for last_failure() on this thread.
[[nodiscard]] Napi::Number failed(Napi::Env env, const Error& error);

// The details of the last failed() on this thread: { osCode?, syscall?, path?, advice? }.
[[nodiscard]] Napi::Value last_failure(const Napi::CallbackInfo& info);

// Sets the details that `error` has as members of `object`.
void set_facts(Napi::Object& object, const Error& error);

}  // namespace busbar::node
