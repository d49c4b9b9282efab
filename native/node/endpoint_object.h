// The JavaScript object of one endpoint, which holds its binding; src/native/addon.ts is its typed
// mirror.
#pragma once

#include <napi.h>

#include <memory>

#include "node/endpoint_binding.h"

namespace busbar::node {

// The class of these objects, made once in an environment: one function object for each method
// and endpoint would take a third of the time of opening one. nullptr in an environment that is
// ending.
[[nodiscard]] napi_value endpoint_class(napi_env env);
// `undefined` in an environment that is ending.
[[nodiscard]] Napi::Value endpoint_object(Napi::Env env,
                                          const std::shared_ptr<EndpointBinding>& binding);

}  // namespace busbar::node
