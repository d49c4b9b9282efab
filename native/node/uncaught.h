// Reports an exception of a function that was called from the event loop as an uncaught exception
// of the process, as in any callback. Node ignores exceptions in the callbacks of thread-safe
// functions.
#pragma once

#include <node_api.h>

namespace busbar::node {

// To be called right after the function.
inline void report_exception(napi_env env) {
  bool pending = false;
  napi_value error = nullptr;
  napi_valuetype kind = napi_undefined;
  if (napi_is_exception_pending(env, &pending) != napi_ok || !pending) return;
  if (napi_get_and_clear_last_exception(env, &error) != napi_ok || error == nullptr) return;
  // Nothing is left to report if the worker is being terminated.
  if (napi_typeof(env, error, &kind) == napi_ok && kind != napi_null && kind != napi_undefined) {
    (void)napi_fatal_exception(env, error);
  }
}

}  // namespace busbar::node
