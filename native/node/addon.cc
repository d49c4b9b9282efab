// What the addon exports. Context-aware: the module may be loaded in any number of environments and
// threads.
#include <napi.h>

#include "core/selector/selector_program.h"
#include "node/endpoint_binding.h"
#include "node/endpoint_config.h"
#include "node/endpoint_object.h"
#include "node/environment.h"
#include "node/failure.h"
#include "node/object_functions.h"
#include "node/region_value.h"
#include "node/registry_value.h"
#include "node/scalars.h"
#include "platform/platform.h"

namespace busbar::node {
namespace {

// openEndpoint(config, onMessages, onNotices) -> endpoint object, or -Status.
Napi::Value open_endpoint(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject() || !info[1].IsFunction() || !info[2].IsFunction()) {
    return failed(env, {Status::InvalidArgument});
  }
  auto config = read_config(info[0].As<Napi::Object>());
  if (!config) return failed(env, config.error());
  auto endpoint = Endpoint::create(native_platform(), std::move(config.value().endpoint));
  if (!endpoint) return failed(env, endpoint.error());
  const auto binding =
      std::make_shared<EndpointBinding>(env, endpoint.take(), config.value().binding,
                                        info[1].As<Napi::Function>(), info[2].As<Napi::Function>());
  if (const Error error = binding->attach(); !error.ok()) return failed(env, error);
  Environment::of(env).add(env, binding);
  return endpoint_object(env, binding);
}

// evaluateSelector(program, id, label) -> boolean, or -Status.
Napi::Value evaluate_selector(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsTypedArray()) return failed(env, {Status::InvalidArgument});
  const auto bytes = info[0].As<Napi::Uint8Array>();
  const auto program = SelectorProgram::create(
      {reinterpret_cast<const std::byte*>(bytes.Data()), bytes.ByteLength()});
  if (!program) return failed(env, program.error());
  const auto label = read_label(info[2]);
  if (!label) return failed(env, label.error());
  double id_number = 0;
  (void)napi_get_value_double(info.Env(), info[1], &id_number);
  const auto id = static_cast<std::uint64_t>(id_number);
  return Napi::Boolean::New(env, program.value().matches(id, label.value()));
}

// The error list: [number, name, text] each.
Napi::Array error_list(Napi::Env env) {
  Napi::Array list = Napi::Array::New(env);
  const auto add = [&](std::uint32_t number, const char* name, const char* text) {
    Napi::Array entry = Napi::Array::New(env, 3);
    entry.Set(0U, Napi::Number::New(env, number));
    entry.Set(1U, Napi::String::New(env, name));
    entry.Set(2U, Napi::String::New(env, text));
    list.Set(list.Length(), entry);
  };
#define BUSBAR_ERROR(number, name, text) add(number, #name, text);
#include "base/error_list.def"
#undef BUSBAR_ERROR
  return list;
}

// The numeric options of joining: [name, name in C or null, unit, default, minimum, maximum] each.
Napi::Array option_list(Napi::Env env) {
  Napi::Array list = Napi::Array::New(env);
  const auto add = [&](const char* name, const char* c_name, const char* unit,
                       const OptionRange& range) {
    Napi::Array entry = Napi::Array::New(env, 6);
    entry.Set(0U, Napi::String::New(env, name));
    entry.Set(1U, c_name == nullptr ? env.Null() : Napi::String::New(env, c_name));
    entry.Set(2U, Napi::String::New(env, unit));
    entry.Set(3U, number(env, range.standard));
    entry.Set(4U, number(env, range.least));
    entry.Set(5U, number(env, range.most));
    list.Set(list.Length(), entry);
  };
#define BUSBAR_OPTION(name, node_name, unit, by_default, least, most) \
  add(#node_name, #name, #unit, option::name);
#define BUSBAR_NODE_OPTION(name, node_name, unit, by_default, least, most) \
  add(#node_name, nullptr, #unit, option::name);
#include "base/option_list.def"
#undef BUSBAR_OPTION
  return list;
}

// The fixed limits by name.
Napi::Object limit_list(Napi::Env env) {
  Napi::Object limits = Napi::Object::New(env);
#define BUSBAR_LIMIT(type, name, node_name, value) limits.Set(#node_name, number(env, name));
#include "base/limit_list.def"
#undef BUSBAR_LIMIT
  return limits;
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  Environment::set_up(env);
  Environment::of(env).set_endpoint_class(env, endpoint_class(env));
  exports.Set("openEndpoint", Napi::Function::New(env, open_endpoint, "openEndpoint"));
  exports.Set("lastFailure", Napi::Function::New(env, last_failure, "lastFailure"));
  exports.Set("evaluateSelector", Napi::Function::New(env, evaluate_selector, "evaluateSelector"));
  exports.Set("errorList", error_list(env));
  exports.Set("optionList", option_list(env));
  exports.Set("limits", limit_list(env));
  add_handle_functions(env, exports);
  add_region_functions(env, exports);
  add_registry_functions(env, exports);
  return exports;
}

}  // namespace
}  // namespace busbar::node

static Napi::Object InitializeBusbar(Napi::Env env, Napi::Object exports) {
  return busbar::node::initialize(env, exports);
}

NODE_API_MODULE(busbar, InitializeBusbar)
