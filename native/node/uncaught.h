// What a program throws in a function that was called from the event loop is an uncaught exception
// of its process, as in any callback: Node drops what is thrown to a thread-safe function.
#pragma once

#include <node_api.h>

namespace busbar::node {

// Right after the call.
inline void report_exception(napi_env env) {
  bool pending = false;
  napi_value error = nullptr;
  napi_valuetype kind = napi_undefined;
  if (napi_is_exception_pending(env, &pending) != napi_ok || !pending) return;
  if (napi_get_and_clear_last_exception(env, &error) != napi_ok || error == nullptr) return;
  // A termination leaves nothing to report.
  if (napi_typeof(env, error, &kind) == napi_ok && kind != napi_null && kind != napi_undefined) {
    (void)napi_fatal_exception(env, error);
  }
}

}  // namespace busbar::node
