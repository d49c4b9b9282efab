// The JavaScript object of one endpoint: functions that hold the door; src/native/addon.ts is its
// typed mirror.
#pragma once

#include <napi.h>

#include <memory>

#include "node/endpoint_door.h"

namespace busbar::node {

[[nodiscard]] Napi::Object endpoint_object(Napi::Env env,
                                           const std::shared_ptr<EndpointDoor>& door);

}  // namespace busbar::node
