// From a JavaScript object to EndpointOptions.
#include "node/endpoint_config.h"

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace busbar::node {
namespace {

// Number.MAX_SAFE_INTEGER.
constexpr double kLargestInteger = 9'007'199'254'740'991.0;

// False for anything except a number that an unsigned integer of JavaScript can be. Its range is
// checked by JoinOptions::valid().
bool read_number(const Napi::Value& value, std::uint64_t& out) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= kLargestInteger)) return false;
  out = static_cast<std::uint64_t>(number);
  return true;
}

bool boolean(const Napi::Object& config, const char* name) {
  const Napi::Value value = config.Get(name);
  return value.IsBoolean() && value.As<Napi::Boolean>().Value();
}

std::string string(const Napi::Object& config, const char* name) {
  const Napi::Value value = config.Get(name);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
}

std::span<const std::byte> bytes(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsTypedArray()) return {};
  const auto array = value.As<Napi::Uint8Array>();
  return {reinterpret_cast<const std::byte*>(array.Data()), array.ByteLength()};
}

// Of an observer.
Result<ObserverConditions> read_conditions(const Napi::Object& object) {
  auto match = SelectorProgram::create(bytes(object, "match"));
  if (!match) return match.error();
  const std::span<const std::byte> uuids = bytes(object, "types");
  std::vector<Uuid> types(uuids.size() / sizeof(Uuid));
  if (!types.empty())
    std::memcpy(static_cast<void*>(types.data()), uuids.data(), types.size() * sizeof(Uuid));
  std::uint64_t payload_bytes = 0;
  if (!read_number(object.Get("payloadBytes"), payload_bytes)) return Status::InvalidArgument;
  return ObserverConditions::create(match.take(), std::move(types), payload_bytes);
}

}  // namespace

Result<Label> read_label(const Napi::Value& value) {
  if (!value.IsArray()) return Status::InvalidLabel;
  const auto array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  for (std::uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value string = array.Get(i);
    if (!string.IsString()) return Status::InvalidLabel;
    strings.push_back(string.As<Napi::String>().Utf8Value());
  }
  const std::vector<std::string_view> views(strings.begin(), strings.end());
  return Label::create(views);
}

Result<EndpointConfig> read_config(const Napi::Object& config) {
  EndpointConfig out;
  out.endpoint.regions = &process_regions();
  out.endpoint.keeps_seen = true;
  out.endpoint.membership.identifier = string(config, "identifier");
  out.endpoint.membership.token = string(config, "token");
  auto label = read_label(config.Get("label"));
  if (!label) return label.error();
  out.endpoint.membership.label = label.take();
  out.endpoint.membership.controller_affinity = boolean(config, "controllerAffinity");
  out.endpoint.membership.observable = boolean(config, "observable");
  if (const Napi::Value observe = config.Get("observe"); observe.IsObject()) {
    auto conditions = read_conditions(observe.As<Napi::Object>());
    if (!conditions) return conditions.error();
    out.endpoint.membership.observes =
        std::make_shared<const ObserverConditions>(conditions.take());
  }

#define BUSBAR_OPTION(name, node_name, unit, by_default, least, most) \
  if (!read_number(config.Get(#node_name), out.endpoint.join.name)) return Status::InvalidArgument;
#include "base/option_list.def"
#undef BUSBAR_OPTION
  std::uint64_t when_full = 0;
  if (!read_number(config.Get("whenFull"), when_full) ||
      when_full > static_cast<std::uint64_t>(WhenFull::Disconnect)) {
    return Status::InvalidArgument;
  }
  out.binding.host_has_libuv = boolean(config, "hostHasLibuv");
  out.binding.external_buffers = boolean(config, "externalBuffers");
  out.binding.when_full = static_cast<WhenFull>(when_full);
  const JoinOptions& join = out.endpoint.join;
  out.binding.drain_budget = std::chrono::microseconds(join.drain_budget_us);
  out.binding.spin = std::chrono::microseconds(join.spin_us);
  out.binding.linger = std::chrono::milliseconds(join.linger_ms);
  return out;
}

}  // namespace busbar::node
