// The methods of the JavaScript class of endpoints: functions that are called with the binding of
// the object that they are called on.
#pragma once

#include <napi.h>

#include <memory>
#include <vector>

#include "node/endpoint_binding.h"

namespace busbar::node {

// What an object of the class wraps.
using BindingPointer = std::shared_ptr<EndpointBinding>;
using Methods = std::vector<napi_property_descriptor>;

// `undefined` when it is called on anything but an endpoint.
template <auto function>
napi_value call_method(napi_env env, napi_callback_info raw) {
  const Napi::CallbackInfo info(env, raw);
  void* binding = nullptr;
  if (napi_unwrap(env, info.This(), &binding) != napi_ok) return nullptr;
  return function(info, **static_cast<BindingPointer*>(binding));
}

template <auto function>
void add(Methods& methods, const char* name) {
  methods.push_back(
      {name, nullptr, call_method<function>, nullptr, nullptr, nullptr, napi_default, nullptr});
}

}  // namespace busbar::node
