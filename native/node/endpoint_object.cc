// The JavaScript object of one endpoint.
#include "node/endpoint_object.h"

#include <cstring>
#include <utility>

#include "node/environment.h"
#include "node/failure.h"
#include "node/fast_send.h"
#include "node/notice_objects.h"
#include "node/scalars.h"

namespace busbar::node {
namespace {

using DoorPointer = std::shared_ptr<EndpointDoor>;
using Info = const Napi::CallbackInfo&;

// The bytes of a Uint8Array argument; empty for anything else.
std::span<const std::byte> bytes_at(Info info, std::size_t index) {
  if (!info[index].IsTypedArray()) return {};
  const auto array = info[index].As<Napi::Uint8Array>();
  return {reinterpret_cast<const std::byte*>(array.Data()), array.ByteLength()};
}

// Adds a method that works on the door.
template <typename Function>
void method(Napi::Object& object, const char* name, const DoorPointer& door, Function function) {
  object.Set(name, Napi::Function::New(
                       object.Env(),
                       [door, function](Info info) -> Napi::Value { return function(info, *door); },
                       name));
}

Napi::Value set_types(Info info, EndpointDoor& door) {
  const std::span<const std::byte> bytes = bytes_at(info, 0);
  std::vector<Uuid> types(bytes.size() / 16);
  for (std::size_t i = 0; i < types.size(); ++i)
    std::memcpy(types[i].bytes.data(), bytes.data() + i * 16, 16);
  door.set_types(types);
  return info.Env().Undefined();
}

// addRoute(program, unicast, excludeSelf) -> route, or -Status.
Napi::Value add_route(Info info, EndpointDoor& door) {
  auto program = SelectorProgram::create(bytes_at(info, 0));
  if (!program) return Napi::Number::New(info.Env(), -static_cast<std::int32_t>(program.status()));
  const std::uint32_t route =
      door.endpoint().add_route(program.take(), flag_at(info, 1), flag_at(info, 2));
  if (route == 0)
    return Napi::Number::New(info.Env(), -static_cast<std::int32_t>(Status::LimitExceeded));
  return Napi::Number::New(info.Env(), route);
}

Napi::Value last_outcome(Info info, EndpointDoor& door) {
  Napi::Object made = Napi::Object::New(info.Env());
  made.Set("delivery", number(info.Env(), door.last_outcome.delivery));
  made.Set("peerId", number(info.Env(), door.last_outcome.peer_id));
  set_facts(made, door.last_outcome.error);
  return made;
}

Napi::Value matches(Info info, EndpointDoor& door) {
  const std::vector<std::uint64_t> ids = door.endpoint().matches(unsigned_at(info, 0));
  Napi::Array array = Napi::Array::New(info.Env(), ids.size());
  for (std::uint32_t i = 0; i < ids.size(); ++i) array.Set(i, number(info.Env(), ids[i]));
  return array;
}

Napi::Value counters(Info info, EndpointDoor& door) {
  const EndpointCounters counters = door.endpoint().counters();
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

Napi::Value peer(Info info, EndpointDoor& door) {
  const auto found = door.endpoint().peer(unsigned_at(info, 0));
  return found ? Napi::Value(member_object(info.Env(), *found)) : info.Env().Undefined();
}

void add_life_cycle(Napi::Object& object, const DoorPointer& door) {
  method(object, "start", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    return failed(info.Env(), each.endpoint().start());
  });
  method(object, "close", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    each.endpoint().close(std::chrono::milliseconds(large_at(info, 0)));
    return info.Env().Undefined();
  });
  method(object, "beginClose", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    each.begin_close();
    return info.Env().Undefined();
  });
  method(object, "closeNow", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    each.close_now();
    return info.Env().Undefined();
  });
  method(object, "detach", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    const Napi::Env env = info.Env();
    each.detach([] {});
    Environment::of(env).remove(&each);
    return env.Undefined();
  });
  method(object, "ref", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    each.ref();
    return info.Env().Undefined();
  });
  method(object, "unref", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    each.unref();
    return info.Env().Undefined();
  });
}

void add_sending(Napi::Object& object, const DoorPointer& door) {
  object.Set("send", make_send(object.Env(), door));
  object.Set("flush", make_flush(object.Env(), door));
  method(object, "setTypes", door, set_types);
  method(object, "addRoute", door, add_route);
  method(object, "lastOutcome", door, last_outcome);
  method(object, "matches", door, matches);
  method(object, "releaseRoute", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    each.endpoint().release_route(unsigned_at(info, 0));
    return info.Env().Undefined();
  });
  method(object, "forgetDelivery", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    each.endpoint().forget_delivery(large_at(info, 0));
    return info.Env().Undefined();
  });
  method(object, "askDrained", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    each.endpoint().ask_drained();
    return info.Env().Undefined();
  });
  method(object, "reportUndelivered", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    each.endpoint().report_undelivered(flag_at(info, 0));
    return info.Env().Undefined();
  });
}

void add_receiving(Napi::Object& object, const DoorPointer& door) {
  object.Set("slab", door->table().slab());
  object.Set("table", door->table().table());
  method(object, "peer", door, peer);
  method(object, "takeObjects", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    return each.take_objects(unsigned_at(info, 0));
  });
  method(object, "takeRegions", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    return each.take_regions(unsigned_at(info, 0));
  });
  method(object, "setCredit", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    each.set_credit(unsigned_at(info, 0));
    return info.Env().Undefined();
  });
  method(object, "taken", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    each.taken(unsigned_at(info, 0));
    return info.Env().Undefined();
  });
  method(object, "handBack", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    each.hand_back(unsigned_at(info, 0));
    return info.Env().Undefined();
  });
  method(object, "settle", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    each.endpoint().settle(unsigned_at(info, 0), large_at(info, 1),
                           static_cast<Status>(unsigned_at(info, 2)));
    return info.Env().Undefined();
  });
  method(object, "forgetPeer", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    each.endpoint().forget_peer(unsigned_at(info, 0));
    return info.Env().Undefined();
  });
}

void add_membership(Napi::Object& object, const DoorPointer& door) {
  method(object, "counters", door, counters);
  method(object, "members", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    return member_array(info.Env(), each.endpoint().members());
  });
  method(object, "watchMembers", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    return member_array(info.Env(), each.endpoint().watch_members(flag_at(info, 0)));
  });
  method(object, "isController", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    return Napi::Boolean::New(info.Env(), each.endpoint().is_controller());
  });
  method(object, "controllerId", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    return number(info.Env(), each.endpoint().controller_id());
  });
  method(object, "generation", door, [](Info info, EndpointDoor& each) -> Napi::Value {
    return number(info.Env(), each.endpoint().generation());
  });
}

}  // namespace

Napi::Object endpoint_object(Napi::Env env, const std::shared_ptr<EndpointDoor>& door) {
  Napi::Object object = Napi::Object::New(env);
  add_life_cycle(object, door);
  add_sending(object, door);
  add_receiving(object, door);
  add_membership(object, door);
  return object;
}

}  // namespace busbar::node
