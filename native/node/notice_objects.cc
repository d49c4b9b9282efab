// Notices as plain JavaScript objects.
#include "node/notice_objects.h"
#include "node/failure.h"

#include <cstring>
#include <string>

#include "node/scalars.h"

namespace busbar::node {
namespace {

Napi::Number status_number(Napi::Env env, Status status) {
  return Napi::Number::New(env, static_cast<std::int32_t>(status));
}

Napi::Buffer<std::uint8_t> buffer(Napi::Env env, const void* data, std::size_t bytes) {
  return Napi::Buffer<std::uint8_t>::Copy(env, static_cast<const std::uint8_t*>(data), bytes);
}

Napi::Object object(Napi::Env env, const char* kind) {
  Napi::Object made = Napi::Object::New(env);
  made.Set("kind", kind);
  return made;
}

Napi::Array label_array(Napi::Env env, const Label& label) {
  Napi::Array array = Napi::Array::New(env);
  for (const std::string_view string : label)
    array.Set(array.Length(), Napi::String::New(env, string.data(), string.size()));
  return array;
}

struct Converter {
  Napi::Env env;

  Napi::Object operator()(const JoinedNotice& notice) const {
    Napi::Object made = object(env, "joined");
    made.Set("id", number(env, notice.id));
    return made;
  }
  Napi::Object operator()(const RefusedNotice& notice) const {
    Napi::Object made = object(env, "refused");
    made.Set("status", status_number(env, notice.error.status));
    set_facts(made, notice.error);
    return made;
  }
  Napi::Object operator()(const ControllerNotice& notice) const {
    Napi::Object made = object(env, "controller");
    made.Set("generation", number(env, notice.change.generation));
    made.Set("controllerId", number(env, notice.change.controller_id));
    made.Set("self", notice.change.self);
    made.Set("gapMs", Napi::Number::New(env, static_cast<double>(notice.change.gap.count()) / 1e6));
    return made;
  }
  Napi::Object operator()(const PeersNotice& notice) const {
    Napi::Object made = object(env, "peers");
    made.Set("joined", member_array(env, notice.joined));
    made.Set("left", member_array(env, notice.left));
    Napi::Array relabelled = Napi::Array::New(env, notice.relabelled.size());
    for (std::uint32_t i = 0; i < notice.relabelled.size(); ++i) {
      Napi::Object change = Napi::Object::New(env);
      change.Set("peer", member_object(env, notice.relabelled[i].member));
      change.Set("formerLabel", label_array(env, notice.relabelled[i].former));
      relabelled.Set(i, change);
    }
    made.Set("relabelled", relabelled);
    return made;
  }
  Napi::Object operator()(const RelabelledNotice& notice) const {
    Napi::Object made = object(env, "relabelled");
    made.Set("revision", number(env, notice.revision));
    return made;
  }
  Napi::Object operator()(const DeliveredNotice& notice) const {
    Napi::Object made = object(env, "delivered");
    made.Set("delivery", number(env, notice.result.delivery));
    made.Set("delivered", number(env, notice.result.delivered));
    const std::vector<DeliveryFailure>& failed = notice.result.failures;
    Napi::Array failures = Napi::Array::New(env, failed.size());
    for (std::uint32_t i = 0; i < failed.size(); ++i) {
      Napi::Object failure = Napi::Object::New(env);
      failure.Set("peerId", number(env, failed[i].peer_id));
      failure.Set("reason", status_number(env, failed[i].reason));
      failures.Set(i, failure);
    }
    made.Set("failures", failures);
    return made;
  }
  Napi::Object operator()(const DrainedNotice&) const { return object(env, "drained"); }
  Napi::Object operator()(const RoomNotice& notice) const {
    Napi::Object made = object(env, "room");
    made.Set("peerId", number(env, notice.peer_id));
    return made;
  }
  Napi::Object operator()(const DroppedNotice& notice) const {
    Napi::Object made = object(env, "dropped");
    made.Set("peerId", number(env, notice.peer_id));
    made.Set("messages", number(env, notice.messages));
    return made;
  }
  Napi::Object operator()(const DisconnectedNotice& notice) const {
    Napi::Object made = object(env, "disconnected");
    made.Set("peerId", number(env, notice.peer_id));
    made.Set("messages", number(env, notice.messages));
    return made;
  }
  Napi::Object operator()(const UndeliveredNotice& notice) const {
    Napi::Object made = object(env, "undelivered");
    made.Set("peerId", number(env, notice.peer_id));
    made.Set("reason", status_number(env, notice.reason));
    made.Set("type", buffer(env, notice.type.bytes.data(), notice.type.bytes.size()));
    made.Set("format", Napi::Number::New(env, notice.format));
    made.Set("messageId", number(env, notice.message_id));
    made.Set("payload", buffer(env, notice.payload.data(), notice.payload.size()));
    made.Set("metadata", buffer(env, notice.metadata.data(), notice.metadata.size()));
    return made;
  }
  Napi::Object operator()(const ViolationNotice& notice) const {
    Napi::Object made = object(env, "violation");
    made.Set("peerId", number(env, notice.violation.peer_id));
    made.Set("pid", Napi::Number::New(env, notice.violation.peer_pid));
    made.Set("status", status_number(env, notice.violation.status));
    return made;
  }
  Napi::Object operator()(const LinkClosedNotice& notice) const {
    Napi::Object made = object(env, "linkClosed");
    made.Set("slot", Napi::Number::New(env, notice.slot));
    return made;
  }
  Napi::Object operator()(const PeerEndedNotice& notice) const {
    Napi::Object made = object(env, "ended");
    made.Set("peerId", number(env, notice.peer_id));
    return made;
  }
  Napi::Object operator()(const ClosedNotice& notice) const {
    Napi::Object made = object(env, "closed");
    made.Set("abandoned", number(env, notice.abandoned));
    return made;
  }
};

}  // namespace

Napi::Array notice_objects(Napi::Env env, std::vector<Notice>& notices) {
  Napi::Array array = Napi::Array::New(env, notices.size());
  for (std::uint32_t i = 0; i < notices.size(); ++i)
    array.Set(i, std::visit(Converter{env}, notices[i]));
  return array;
}

Napi::Array out_of_memory_notice(Napi::Env env, std::uint64_t bytes) {
  Napi::Object made = object(env, "outOfMemory");
  made.Set("bytes", number(env, bytes));
  Napi::Array array = Napi::Array::New(env, 1);
  array.Set(0U, made);
  return array;
}

Napi::Array senders_notice(Napi::Env env, const std::vector<std::uint32_t>& slots) {
  Napi::Object made = object(env, "senders");
  Napi::Array numbers = Napi::Array::New(env, slots.size());
  for (std::uint32_t i = 0; i < slots.size(); ++i) numbers.Set(i, Napi::Number::New(env, slots[i]));
  made.Set("slots", numbers);
  Napi::Array array = Napi::Array::New(env, 1);
  array.Set(0U, made);
  return array;
}

Napi::Object member_object(Napi::Env env, const Member& member) {
  Napi::Object made = Napi::Object::New(env);
  made.Set("id", number(env, member.id));
  made.Set("pid", Napi::Number::New(env, member.pid));
  made.Set("label", label_array(env, member.label));
  return made;
}

Napi::Array member_array(Napi::Env env, const std::vector<Member>& members) {
  Napi::Array array = Napi::Array::New(env, members.size());
  for (std::uint32_t i = 0; i < members.size(); ++i) array.Set(i, member_object(env, members[i]));
  return array;
}

}  // namespace busbar::node
