// From a JavaScript object to EndpointOptions.
#include "node/endpoint_config.h"

#include <string>
#include <vector>

namespace busbar::node {
namespace {

double number_in(const Napi::Object& config, const char* name) {
  const Napi::Value value = config.Get(name);
  return value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
}

bool boolean(const Napi::Object& config, const char* name) {
  const Napi::Value value = config.Get(name);
  return value.IsBoolean() && value.As<Napi::Boolean>().Value();
}

std::string string(const Napi::Object& config, const char* name) {
  const Napi::Value value = config.Get(name);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : std::string();
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
  out.endpoint.membership.identifier = string(config, "identifier");
  out.endpoint.membership.token = string(config, "token");
  auto label = read_label(config.Get("label"));
  if (!label) return label.error();
  out.endpoint.membership.label = label.take();
  out.endpoint.membership.controller_affinity = boolean(config, "controllerAffinity");

  const double ring = number_in(config, "ringBytes");
  const double queue = number_in(config, "queueBytes");
  const double when_full = number_in(config, "whenFull");
  const double message = number_in(config, "maxMessageBytes");
  const double total_queue = number_in(config, "totalQueueBytes");
  const double objects = number_in(config, "maxQueuedObjects");
  const double parked = number_in(config, "maxParked");
  const double links = number_in(config, "maxLinks");
  const double endpoints = number_in(config, "maxEndpoints");
  const double per_process = number_in(config, "maxEndpointsPerProcess");
  const double budget = number_in(config, "drainBudgetUs");
  const double spin = number_in(config, "spinUs");
  const double linger = number_in(config, "lingerMs");
  const double join_timeout = number_in(config, "joinTimeoutMs");
  if (!(ring > 0 && queue > 0 && total_queue > 0 && objects > 0 && parked > 0 && links > 0 &&
        endpoints > 0 && per_process > 0 && message > 0 && budget > 0 && spin >= 0 && linger >= 0 &&
        join_timeout >= 0 && when_full >= 0 && when_full <= 2)) {
    return Status::InvalidArgument;
  }
  out.endpoint.limits.ring_bytes = static_cast<std::uint64_t>(ring);
  out.endpoint.limits.queue_bytes = static_cast<std::uint64_t>(queue);
  out.endpoint.limits.total_queue_bytes = static_cast<std::uint64_t>(total_queue);
  out.endpoint.limits.queued_objects = static_cast<std::uint64_t>(objects);
  out.endpoint.limits.max_parked = static_cast<std::uint64_t>(parked);
  out.endpoint.limits.max_links = static_cast<std::uint64_t>(links);
  out.endpoint.membership.limits.endpoints = static_cast<std::uint64_t>(endpoints);
  out.endpoint.membership.limits.endpoints_per_process = static_cast<std::uint64_t>(per_process);
  out.endpoint.limits.max_message_bytes = static_cast<std::uint64_t>(message);
  out.endpoint.join_timeout = std::chrono::milliseconds(static_cast<std::int64_t>(join_timeout));
  out.binding.host_has_libuv = boolean(config, "hostHasLibuv");
  out.binding.when_full = static_cast<WhenFull>(when_full);
  out.binding.drain_budget = std::chrono::microseconds(static_cast<std::int64_t>(budget));
  out.binding.spin = std::chrono::microseconds(static_cast<std::int64_t>(spin));
  out.binding.linger = std::chrono::milliseconds(static_cast<std::int64_t>(linger));
  return out;
}

}  // namespace busbar::node
