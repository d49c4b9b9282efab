// Kernel objects as externals, and the functions that JavaScript has for them.
#include "node/object_functions.h"

#include <string>
#include <utility>

#include "node/failure.h"
#include "node/object_value.h"
#include "node/scalars.h"
#include "node/socket_search.h"
#include "node/tagged_external.h"
#include "node/weight.h"
#include "platform/platform.h"

namespace busbar::node {
namespace {

constexpr napi_type_tag kTag{0x6275736261722e68, 0x616e646c652e7631};

// A kernel object that JavaScript owns.
struct WeighedObject : ObjectValue {
  WeighedObject(napi_env env, Handle handle) noexcept
      : ObjectValue(std::move(handle)), weight(env, Weight::kDescriptor) {}

  // To be called after each function that may have closed or taken the object.
  void weigh() noexcept {
    if (!handle().valid()) weight.lift();
  }

  Weight weight;
};

Napi::Value outcome(Napi::Env env, Result<Handle> made) {
  if (made) return handle_value(env, made.take());
  return failed(env, made.error());
}

std::int64_t descriptor_at(const Napi::CallbackInfo& info) {
  std::int64_t fd = -1;
  (void)napi_get_value_int64(info.Env(), info[0], &fd);
  return fd;
}

WeighedObject* object_at(const Napi::CallbackInfo& info) {
  return unwrap_external<WeighedObject>(info.Env(), info[0], kTag);
}

// adoptDescriptor(fd) -> handle, which owns `fd`; or -Status.
Napi::Value adopt_descriptor(const Napi::CallbackInfo& info) {
  return outcome(info.Env(), adopt_behind(descriptor_at(info)));
}

// duplicateDescriptor(fd) -> a handle of its own, or -Status. `fd` stays the caller's.
Napi::Value duplicate_descriptor(const Napi::CallbackInfo& info) {
  return outcome(info.Env(), duplicate_behind(descriptor_at(info)));
}

// duplicateHandle(handle) -> handle, or -Status.
Napi::Value duplicate_handle(const Napi::CallbackInfo& info) {
  const Handle* handle = handle_of(info.Env(), info[0]);
  if (handle == nullptr || !handle->valid())
    return outcome(info.Env(), Result<Handle>(Status::Closed));
  return outcome(info.Env(), native_platform().duplicate(*handle));
}

Napi::Value descriptor_number(Napi::Env env, std::int64_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

// The number that `take` returns, which the caller owns; -1 without an object.
template <typename Take>
Napi::Value taken(const Napi::CallbackInfo& info, Take take) {
  WeighedObject* object = object_at(info);
  if (object == nullptr) return descriptor_number(info.Env(), -1);
  const std::int64_t number = take(*object);
  object->weigh();
  return descriptor_number(info.Env(), number);
}

// isOpen(handle): whether it was neither taken nor closed.
Napi::Value is_open(const Napi::CallbackInfo& info) {
  WeighedObject* object = object_at(info);
  return Napi::Boolean::New(info.Env(), object != nullptr && object->handle().valid());
}

// descriptorOf(handle) -> fd; -1 if it was taken or closed.
Napi::Value descriptor_of(const Napi::CallbackInfo& info) {
  WeighedObject* object = object_at(info);
  return descriptor_number(info.Env(), object != nullptr ? object->descriptor() : -1);
}

// takeDescriptor(handle) -> fd, which the caller owns; -1 if it was taken or closed.
Napi::Value take_descriptor(const Napi::CallbackInfo& info) {
  return taken(info, [](WeighedObject& object) { return object.take(); });
}

// kindOf(handle) -> the kind of the number that identifies the object.
Napi::Value kind_of(const Napi::CallbackInfo& info) {
  const WeighedObject* object = object_at(info);
  const ObjectName name = object != nullptr ? object->name() : ObjectName{};
  return Napi::Number::New(info.Env(), static_cast<std::uint32_t>(name.kind));
}

// numberOf(handle) -> the number that identifies the object; -1 if it has none.
Napi::Value number_of(const Napi::CallbackInfo& info) {
  const WeighedObject* object = object_at(info);
  return descriptor_number(info.Env(), object != nullptr ? object->name().number : -1);
}

// takeNumber(handle) -> the number of an object that is not a descriptor, which the caller owns; -1
// if that is impossible.
Napi::Value take_number(const Napi::CallbackInfo& info) {
  return taken(info,
               [](WeighedObject& object) -> std::int64_t { return object.take_name().number; });
}

// duplicateMachPort(name) -> a handle with a right of its own, or -Status. `name` stays the
// caller's.
Napi::Value duplicate_mach_port(const Napi::CallbackInfo& info) {
  return outcome(info.Env(),
                 native_platform().duplicate_named(
                     {ObjectKind::MachPort, static_cast<std::intptr_t>(descriptor_at(info))}));
}

std::string text_at(const Napi::CallbackInfo& info, std::size_t index) {
  return info[index].IsString() ? info[index].As<Napi::String>().Utf8Value() : std::string();
}

// duplicateSocket(local, localPort, remote, remotePort) -> a handle of its own on this event loop's
// TCP socket with these addresses, or -Status: InvalidArgument if there is none. `remote` is '' for
// a listening socket.
Napi::Value duplicate_socket(const Napi::CallbackInfo& info) {
  const SocketNames names{{text_at(info, 0), unsigned_at(info, 1)},
                          {text_at(info, 2), unsigned_at(info, 3)}};
  return outcome(info.Env(), native_platform().duplicate_named(
                                 {ObjectKind::Socket, find_socket(info.Env(), names)}));
}

Napi::Value close_handle(const Napi::CallbackInfo& info) {
  if (WeighedObject* object = object_at(info); object != nullptr) {
    object->close();
    object->weigh();
  }
  return info.Env().Undefined();
}

}  // namespace

Napi::Value handle_value(Napi::Env env, Handle handle) {
  napi_value value =
      make_external(env, new WeighedObject(env, std::move(handle)), kTag,
                    [](napi_env, void* data, void*) { delete static_cast<WeighedObject*>(data); });
  return value == nullptr ? env.Undefined() : Napi::Value(env, value);
}

Handle* handle_of(napi_env env, napi_value value) {
  auto* object = unwrap_external<WeighedObject>(env, value, kTag);
  return object == nullptr ? nullptr : &object->handle();
}

void add_handle_functions(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  add("adoptDescriptor", adopt_descriptor);
  add("duplicateDescriptor", duplicate_descriptor);
  add("duplicateHandle", duplicate_handle);
  add("isOpen", is_open);
  add("descriptorOf", descriptor_of);
  add("takeDescriptor", take_descriptor);
  add("closeHandle", close_handle);
  add("kindOf", kind_of);
  add("numberOf", number_of);
  add("takeNumber", take_number);
  add("duplicateMachPort", duplicate_mach_port);
  add("duplicateSocket", duplicate_socket);
}

}  // namespace busbar::node
