// Numbers and flags as arguments and results of the addon's functions.
#pragma once

#include <napi.h>

#include <cstddef>
#include <cstdint>

namespace busbar::node {

/** Exact up to 2^53, which no count, size or id of a bus goes beyond. */
inline Napi::Number number(Napi::Env env, std::uint64_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

// The readers of arguments use the plain C calls, which run no JavaScript: conversions fail in a
// worker that is being terminated, and the wrappers would make that fatal. src/ passes the right
// types.

inline double number_at(const Napi::CallbackInfo& info, std::size_t index) {
  double value = -1;
  (void)napi_get_value_double(info.Env(), info[index], &value);
  return value;
}

inline std::uint64_t large_at(const Napi::CallbackInfo& info, std::size_t index) {
  const double value = number_at(info, index);
  return value > 0 ? static_cast<std::uint64_t>(value) : 0;
}

inline std::uint32_t unsigned_at(const Napi::CallbackInfo& info, std::size_t index) {
  std::uint32_t value = 0;
  (void)napi_get_value_uint32(info.Env(), info[index], &value);
  return value;
}

inline bool flag_at(const Napi::CallbackInfo& info, std::size_t index) {
  bool value = false;
  (void)napi_get_value_bool(info.Env(), info[index], &value);
  return value;
}

}  // namespace busbar::node
