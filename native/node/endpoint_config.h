// Reads the configuration object of openEndpoint(). src/ has checked it; this file checks types,
// and Endpoint::create() checks ranges.
#pragma once

#include <napi.h>

#include "core/endpoint/endpoint.h"
#include "node/endpoint_binding.h"

namespace busbar::node {

struct EndpointConfig {
  EndpointOptions endpoint;
  BindingOptions binding;
};

[[nodiscard]] Result<EndpointConfig> read_config(const Napi::Object& config);
[[nodiscard]] Result<Label> read_label(const Napi::Value& value);

}  // namespace busbar::node
