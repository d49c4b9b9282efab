// The JavaScript object of one endpoint: functions that hold the binding; src/native/addon.ts is
// its typed mirror.
#pragma once

#include <napi.h>

#include <memory>

#include "node/endpoint_binding.h"

namespace busbar::node {

[[nodiscard]] Napi::Object endpoint_object(Napi::Env env,
                                           const std::shared_ptr<EndpointBinding>& binding);

}  // namespace busbar::node
