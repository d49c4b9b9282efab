// Native objects that JavaScript owns, as externals with a type tag, which tells them from the
// externals of other addons, and one kind from another.
#pragma once

#include <node_api.h>

namespace busbar::node {

// An external that owns `object`, which `finalize` deletes. If the environment is ending and cannot
// make one, deletes the object and returns nullptr.
template <typename T>
[[nodiscard]] napi_value make_external(napi_env env, T* object, const napi_type_tag& tag,
                                       napi_finalize finalize) {
  napi_value value = nullptr;
  if (napi_create_external(env, object, finalize, nullptr, &value) != napi_ok) {
    delete object;
    return nullptr;
  }
  (void)napi_type_tag_object(env, value, &tag);
  return value;
}

// The object in an external of that tag; nullptr for any other value.
template <typename T>
[[nodiscard]] T* unwrap_external(napi_env env, napi_value value, const napi_type_tag& tag) {
  napi_valuetype type = napi_undefined;
  bool ours = false;
  void* data = nullptr;
  if (napi_typeof(env, value, &type) != napi_ok || type != napi_external) return nullptr;
  if (napi_check_object_type_tag(env, value, &tag, &ours) != napi_ok || !ours) return nullptr;
  return napi_get_value_external(env, value, &data) == napi_ok ? static_cast<T*>(data) : nullptr;
}

}  // namespace busbar::node
