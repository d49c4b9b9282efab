// An Error as members of an object.
#include "node/failure.h"

namespace busbar::node {
namespace {

thread_local Error last_error;

}  // namespace

Napi::Number failed(Napi::Env env, const Error& error) {
  last_error = error;
  return Napi::Number::New(env, -static_cast<std::int32_t>(error.status));
}

Napi::Value last_failure(const Napi::CallbackInfo& info) {
  Napi::Object made = Napi::Object::New(info.Env());
  set_facts(made, last_error);
  return made;
}

void set_facts(Napi::Object& object, const Error& error) {
  if (error.os_code != 0) object.Set("osCode", Napi::Number::New(object.Env(), error.os_code));
  if (error.at == nullptr) return;
  object.Set("syscall", error.at->call);
  if (error.at->path != nullptr) object.Set("path", error.at->path);
  if (error.at->advice != nullptr) object.Set("advice", error.at->advice);
}

}  // namespace busbar::node
