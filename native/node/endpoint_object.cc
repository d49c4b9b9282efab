// The JavaScript object of one endpoint.
#include "node/endpoint_object.h"

#include <chrono>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "node/endpoint_config.h"
#include "node/endpoint_methods.h"
#include "node/environment.h"
#include "node/failure.h"
#include "node/fast_send.h"
#include "node/notice_objects.h"
#include "node/scalars.h"

namespace busbar::node {
namespace {

using Info = const Napi::CallbackInfo&;

// The bytes of a Uint8Array argument; empty for anything else.
std::span<const std::byte> bytes_at(Info info, std::size_t index) {
  if (!info[index].IsTypedArray()) return {};
  const auto array = info[index].As<Napi::Uint8Array>();
  return {reinterpret_cast<const std::byte*>(array.Data()), array.ByteLength()};
}

Napi::Value set_types(Info info, EndpointBinding& binding) {
  const std::span<const std::byte> bytes = bytes_at(info, 0);
  std::vector<Uuid> types(bytes.size() / 16);
  for (std::size_t i = 0; i < types.size(); ++i)
    std::memcpy(types[i].bytes.data(), bytes.data() + i * 16, 16);
  binding.set_types(types);
  return info.Env().Undefined();
}

// addRoute(program, unicast, excludeSelf) -> route, or -Status.
Napi::Value add_route(Info info, EndpointBinding& binding) {
  auto program = SelectorProgram::create(bytes_at(info, 0));
  if (!program) return Napi::Number::New(info.Env(), -static_cast<std::int32_t>(program.status()));
  const std::uint32_t route =
      binding.endpoint().add_route(program.take(), flag_at(info, 1), flag_at(info, 2));
  if (route == 0)
    return Napi::Number::New(info.Env(), -static_cast<std::int32_t>(Status::LimitExceeded));
  return Napi::Number::New(info.Env(), route);
}

Napi::Value last_send_failure(Info info, EndpointBinding& binding) {
  Napi::Object made = Napi::Object::New(info.Env());
  made.Set("peerId", number(info.Env(), binding.last_failure.peer_id));
  set_facts(made, binding.last_failure.error);
  return made;
}

Napi::Value matches(Info info, EndpointBinding& binding) {
  return member_array(info.Env(), binding.endpoint().matches(unsigned_at(info, 0)));
}

// relabel(strings) -> the label's revision, or -Status.
Napi::Value relabel(Info info, EndpointBinding& binding) {
  auto label = read_label(info[0]);
  auto revision = label ? binding.endpoint().relabel(label.take()) : label.status();
  if (!revision)
    return Napi::Number::New(info.Env(), -static_cast<std::int32_t>(revision.status()));
  return number(info.Env(), revision.value());
}

Napi::Value counters(Info info, EndpointBinding& binding) {
  const EndpointCounters counters = binding.endpoint().counters();
  Napi::Object made = Napi::Object::New(info.Env());
  const std::pair<const char*, std::uint64_t> entries[] = {
      {"sentMessages", counters.sent.sent_messages},
      {"sentBytes", counters.sent.sent_bytes},
      {"rerouted", counters.sent.rerouted},
      {"undelivered", counters.sent.undelivered},
      {"expired", counters.sent.expired},
      {"queueFull", counters.sent.queue_full},
      {"dropped", counters.sent.dropped},
      {"superseded", counters.sent.superseded},
      {"disconnected", counters.sent.disconnected},
      {"receivedMessages", counters.received_messages},
      {"receivedBytes", counters.received_bytes},
      {"outboundLinks", counters.outbound_links},
      {"inboundLinks", counters.inbound_links},
      {"parked", counters.parked},
  };
  for (const auto& [name, value] : entries) made.Set(name, number(info.Env(), value));
  return made;
}

Napi::Value peer(Info info, EndpointBinding& binding) {
  const auto found = binding.endpoint().peer(unsigned_at(info, 0));
  return found ? Napi::Value(member_object(info.Env(), *found)) : info.Env().Undefined();
}

void add_life_cycle(Methods& methods) {
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    return failed(info.Env(), each.start());
  }>(methods, "start");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.endpoint().close(std::chrono::milliseconds(large_at(info, 0)));
    return info.Env().Undefined();
  }>(methods, "close");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.begin_close();
    return info.Env().Undefined();
  }>(methods, "beginClose");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.close_now();
    return info.Env().Undefined();
  }>(methods, "closeNow");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    const Napi::Env env = info.Env();
    each.detach([] {});
    Environment::of(env).remove(&each);
    return env.Undefined();
  }>(methods, "detach");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.ref();
    return info.Env().Undefined();
  }>(methods, "ref");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.unref();
    return info.Env().Undefined();
  }>(methods, "unref");
}

void add_sending(Methods& methods) {
  add<set_types>(methods, "setTypes");
  add<add_route>(methods, "addRoute");
  add<last_send_failure>(methods, "lastSendFailure");
  add<matches>(methods, "matches");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.endpoint().release_route(unsigned_at(info, 0));
    return info.Env().Undefined();
  }>(methods, "releaseRoute");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.endpoint().forget_delivery(large_at(info, 0));
    return info.Env().Undefined();
  }>(methods, "forgetDelivery");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.endpoint().ask_drained();
    return info.Env().Undefined();
  }>(methods, "askDrained");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.endpoint().report_undelivered(flag_at(info, 0));
    return info.Env().Undefined();
  }>(methods, "reportUndelivered");
}

void add_receiving(Methods& methods) {
  add<peer>(methods, "peer");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    return each.open_seen_word(unsigned_at(info, 0));
  }>(methods, "openSeenWord");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.mark_seen(unsigned_at(info, 0), unsigned_at(info, 1));
    return info.Env().Undefined();
  }>(methods, "markSeen");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    return each.take_objects(unsigned_at(info, 0));
  }>(methods, "takeObjects");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    return each.take_regions(unsigned_at(info, 0));
  }>(methods, "takeRegions");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.set_credit(unsigned_at(info, 0));
    return info.Env().Undefined();
  }>(methods, "setCredit");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.taken(unsigned_at(info, 0));
    return info.Env().Undefined();
  }>(methods, "taken");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.hand_back(unsigned_at(info, 0));
    return info.Env().Undefined();
  }>(methods, "handBack");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.endpoint().settle(unsigned_at(info, 0), large_at(info, 1),
                           static_cast<Status>(unsigned_at(info, 2)));
    return info.Env().Undefined();
  }>(methods, "settle");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.rest();
    return info.Env().Undefined();
  }>(methods, "rest");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    each.forget_peer(unsigned_at(info, 0));
    return info.Env().Undefined();
  }>(methods, "forgetPeer");
}

void add_membership(Methods& methods) {
  add<counters>(methods, "counters");
  add<relabel>(methods, "relabel");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    const auto members = each.endpoint().members_unless(each.members_seen);
    return members ? Napi::Value(member_array(info.Env(), *members)) : info.Env().Undefined();
  }>(methods, "changedMembers");
  add<[](Info info, EndpointBinding&) -> Napi::Value {
    const std::chrono::duration<double, std::milli> now =
        native_platform().now().time_since_epoch();
    return Napi::Number::New(info.Env(), now.count());
  }>(methods, "clock");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    return member_array(info.Env(), each.endpoint().observers());
  }>(methods, "observers");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    (void)each.endpoint().report_members(flag_at(info, 0));
    return info.Env().Undefined();
  }>(methods, "reportMembers");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    return Napi::Boolean::New(info.Env(), each.endpoint().is_controller());
  }>(methods, "isController");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    return number(info.Env(), each.endpoint().controller_id());
  }>(methods, "controllerId");
  add<[](Info info, EndpointBinding& each) -> Napi::Value {
    return number(info.Env(), each.endpoint().generation());
  }>(methods, "generation");
}

}  // namespace

napi_value endpoint_class(napi_env env) {
  Methods methods;
  add_life_cycle(methods);
  add_sending(methods);
  add_receiving(methods);
  add_membership(methods);
  const auto construct = [](napi_env in, napi_callback_info info) -> napi_value {
    napi_value made = nullptr;
    (void)napi_get_cb_info(in, info, nullptr, nullptr, &made, nullptr);
    return made;
  };
  napi_value made = nullptr;
  (void)napi_define_class(env, "NativeEndpoint", NAPI_AUTO_LENGTH, construct, nullptr,
                          methods.size(), methods.data(), &made);
  return made;
}

Napi::Value endpoint_object(Napi::Env env, const BindingPointer& binding) {
  napi_value made = nullptr;
  const napi_value its_class = Environment::of(env).endpoint_class();
  if (its_class == nullptr || napi_new_instance(env, its_class, 0, nullptr, &made) != napi_ok)
    return env.Undefined();
  auto held = std::make_unique<BindingPointer>(binding);
  const auto drop = [](napi_env, void* data, void*) { delete static_cast<BindingPointer*>(data); };
  if (napi_wrap(env, made, held.get(), drop, nullptr, nullptr) != napi_ok) return env.Undefined();
  (void)held.release();
  Napi::Object object(env, made);
  // With the binding in their own data, which is quicker.
  object.Set("send", make_send(env, binding));
  object.Set("flush", make_flush(env, binding));
  object.Set("receipt", binding->receipt().value());
  object.Set("table", binding->table().table());
  return object;
}

}  // namespace busbar::node
