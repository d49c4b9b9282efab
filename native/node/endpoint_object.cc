// The JavaScript object of one endpoint.
#include "node/endpoint_object.h"

#include <chrono>
#include <cstring>
#include <utility>

#include "node/endpoint_config.h"
#include "node/environment.h"
#include "node/failure.h"
#include "node/fast_send.h"
#include "node/notice_objects.h"
#include "node/scalars.h"

namespace busbar::node {
namespace {

using BindingPointer = std::shared_ptr<EndpointBinding>;
using Info = const Napi::CallbackInfo&;

// The bytes of a Uint8Array argument; empty for anything else.
std::span<const std::byte> bytes_at(Info info, std::size_t index) {
  if (!info[index].IsTypedArray()) return {};
  const auto array = info[index].As<Napi::Uint8Array>();
  return {reinterpret_cast<const std::byte*>(array.Data()), array.ByteLength()};
}

// Adds a method that works on the binding.
template <typename Function>
void method(Napi::Object& object, const char* name, const BindingPointer& binding,
            Function function) {
  object.Set(name,
             Napi::Function::New(
                 object.Env(),
                 [binding, function](Info info) -> Napi::Value { return function(info, *binding); },
                 name));
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

void add_life_cycle(Napi::Object& object, const BindingPointer& binding) {
  method(object, "start", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    return failed(info.Env(), each.endpoint().start());
  });
  method(object, "close", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.endpoint().close(std::chrono::milliseconds(large_at(info, 0)));
    return info.Env().Undefined();
  });
  method(object, "beginClose", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.begin_close();
    return info.Env().Undefined();
  });
  method(object, "closeNow", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.close_now();
    return info.Env().Undefined();
  });
  method(object, "detach", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    const Napi::Env env = info.Env();
    each.detach([] {});
    Environment::of(env).remove(&each);
    return env.Undefined();
  });
  method(object, "ref", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.ref();
    return info.Env().Undefined();
  });
  method(object, "unref", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.unref();
    return info.Env().Undefined();
  });
}

void add_sending(Napi::Object& object, const BindingPointer& binding) {
  object.Set("send", make_send(object.Env(), binding));
  object.Set("flush", make_flush(object.Env(), binding));
  method(object, "setTypes", binding, set_types);
  method(object, "addRoute", binding, add_route);
  object.Set("receipt", binding->receipt().value());
  method(object, "lastSendFailure", binding, last_send_failure);
  method(object, "matches", binding, matches);
  method(object, "releaseRoute", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.endpoint().release_route(unsigned_at(info, 0));
    return info.Env().Undefined();
  });
  method(object, "forgetDelivery", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.endpoint().forget_delivery(large_at(info, 0));
    return info.Env().Undefined();
  });
  method(object, "askDrained", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.endpoint().ask_drained();
    return info.Env().Undefined();
  });
  method(object, "reportUndelivered", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.endpoint().report_undelivered(flag_at(info, 0));
    return info.Env().Undefined();
  });
}

void add_receiving(Napi::Object& object, const BindingPointer& binding) {
  object.Set("table", binding->table().table());
  method(object, "peer", binding, peer);
  method(object, "openSeenWord", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    return each.open_seen_word(unsigned_at(info, 0));
  });
  method(object, "markSeen", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.mark_seen(unsigned_at(info, 0), unsigned_at(info, 1));
    return info.Env().Undefined();
  });
  method(object, "takeObjects", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    return each.take_objects(unsigned_at(info, 0));
  });
  method(object, "takeRegions", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    return each.take_regions(unsigned_at(info, 0));
  });
  method(object, "setCredit", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.set_credit(unsigned_at(info, 0));
    return info.Env().Undefined();
  });
  method(object, "taken", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.taken(unsigned_at(info, 0));
    return info.Env().Undefined();
  });
  method(object, "handBack", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.hand_back(unsigned_at(info, 0));
    return info.Env().Undefined();
  });
  method(object, "settle", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.endpoint().settle(unsigned_at(info, 0), large_at(info, 1),
                           static_cast<Status>(unsigned_at(info, 2)));
    return info.Env().Undefined();
  });
  method(object, "rest", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.rest();
    return info.Env().Undefined();
  });
  method(object, "forgetPeer", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    each.forget_peer(unsigned_at(info, 0));
    return info.Env().Undefined();
  });
}

void add_membership(Napi::Object& object, const BindingPointer& binding) {
  method(object, "counters", binding, counters);
  method(object, "relabel", binding, relabel);
  method(object, "changedMembers", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    const auto members = each.endpoint().members_unless(each.members_seen);
    return members ? Napi::Value(member_array(info.Env(), *members)) : info.Env().Undefined();
  });
  method(object, "clock", binding, [](Info info, EndpointBinding&) -> Napi::Value {
    const std::chrono::duration<double, std::milli> now =
        native_platform().now().time_since_epoch();
    return Napi::Number::New(info.Env(), now.count());
  });
  method(object, "observers", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    return member_array(info.Env(), each.endpoint().observers());
  });
  method(object, "reportMembers", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    (void)each.endpoint().report_members(flag_at(info, 0));
    return info.Env().Undefined();
  });
  method(object, "isController", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    return Napi::Boolean::New(info.Env(), each.endpoint().is_controller());
  });
  method(object, "controllerId", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    return number(info.Env(), each.endpoint().controller_id());
  });
  method(object, "generation", binding, [](Info info, EndpointBinding& each) -> Napi::Value {
    return number(info.Env(), each.endpoint().generation());
  });
}

}  // namespace

Napi::Object endpoint_object(Napi::Env env, const std::shared_ptr<EndpointBinding>& binding) {
  Napi::Object object = Napi::Object::New(env);
  add_life_cycle(object, binding);
  add_sending(object, binding);
  add_receiving(object, binding);
  add_membership(object, binding);
  return object;
}

}  // namespace busbar::node
