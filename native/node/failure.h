// What a call of the addon that failed gives back, and what JavaScript can ask about it afterwards.
#pragma once

#include <napi.h>

#include "base/status.h"

namespace busbar::node {

// -Status; remembers the rest of `error` for last_failure() of this thread.
[[nodiscard]] Napi::Number failed(Napi::Env env, const Error& error);

// Of the last failed() on this thread: { osCode?, syscall?, path?, advice? }.
[[nodiscard]] Napi::Value last_failure(const Napi::CallbackInfo& info);

// Sets those of these members that are known of `error`.
void set_facts(Napi::Object& object, const Error& error);

}  // namespace busbar::node
