// send() and flush() directly on the C Node-API: the hot path has no wrapper objects.
#pragma once

#include <napi.h>

#include <memory>

#include "node/endpoint_binding.h"

namespace busbar::node {

// send(route, type | format << 16, source, start?, end?, ttlMs?, replyTo?, acknowledge?, metadata?,
// objects?, regions?, whenFull?, key?) -> receivers, or -Status.
[[nodiscard]] Napi::Value make_send(Napi::Env env, const std::shared_ptr<EndpointBinding>& binding);
// flush(): rings the doorbells of the receivers that messages were sent to.
[[nodiscard]] Napi::Value make_flush(Napi::Env env,
                                     const std::shared_ptr<EndpointBinding>& binding);

}  // namespace busbar::node
