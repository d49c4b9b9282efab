// send() and flush() on the C Node-API.
#include "node/fast_send.h"

#include <string>
#include <vector>

#include "node/object_functions.h"
#include "node/region_value.h"

namespace busbar::node {
namespace {

using BindingPointer = std::shared_ptr<EndpointBinding>;

napi_value small_number(napi_env env, std::int32_t value) {
  napi_value made = nullptr;
  (void)napi_create_int32(env, value, &made);
  return made;
}

napi_value failure(napi_env env, Status status) {
  return small_number(env, -static_cast<std::int32_t>(status));
}

// The arguments of send(), in order.
enum Argument : std::size_t {
  kRoute,
  kTypeAndFormat,
  kSource,
  kStart,
  kEnd,
  kTtl,
  kReplyTo,
  kAcknowledge,
  kMetadata,
  kObjects,
  kRegions,
  kWhenFull,
  kKey,
  kArguments
};

struct Arguments {
  napi_value values[kArguments];
  std::size_t count = kArguments;

  [[nodiscard]] bool read(napi_env env, Argument which, double& out) const {
    return which >= count || napi_get_value_double(env, values[which], &out) == napi_ok;
  }
};

// All bytes of a Uint8Array. Accepts any typed array. The length is in elements, which are bytes
// because src/ passes only Uint8Array.
bool read_array(napi_env env, napi_value array, std::span<const std::byte>& out) {
  void* data = nullptr;
  std::size_t bytes = 0;
  if (napi_get_buffer_info(env, array, &data, &bytes) != napi_ok) return false;
  out = {static_cast<const std::byte*>(data), bytes};
  return true;
}

// The bytes of the Uint8Array, or its bytes `start` to `end` if these are given.
bool read_bytes(napi_env env, const Arguments& arguments, std::span<const std::byte>& out) {
  if (!read_array(env, arguments.values[kSource], out)) return false;
  if (arguments.count <= kStart) return true;
  double start = 0;
  double end = 0;
  if (!arguments.read(env, kStart, start) || !arguments.read(env, kEnd, end)) return false;
  if (!(start >= 0 && start <= end && end <= static_cast<double>(out.size()))) return false;
  const auto first = static_cast<std::size_t>(start);
  out = out.subspan(first, static_cast<std::size_t>(end) - first);
  return true;
}

bool is_undefined(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_undefined;
}

// Writes the key to `out_key`; the request refers to it.
bool read_policy(napi_env env, const Arguments& arguments, SendRequest& request,
                 std::string& out_key) {
  if (arguments.count > kWhenFull && !is_undefined(env, arguments.values[kWhenFull])) {
    double when_full = 0;
    if (!arguments.read(env, kWhenFull, when_full) || !(when_full >= 0 && when_full <= 2))
      return false;
    request.when_full = static_cast<WhenFull>(when_full);
  }
  if (arguments.count <= kKey || is_undefined(env, arguments.values[kKey])) return true;
  char text[kMaxKeyBytes + 1];
  std::size_t bytes = 0;
  std::size_t copied = 0;
  // The length is asked for first, because a key that is too long would be cut.
  if (napi_get_value_string_utf8(env, arguments.values[kKey], nullptr, 0, &bytes) != napi_ok ||
      bytes == 0 || bytes > kMaxKeyBytes ||
      napi_get_value_string_utf8(env, arguments.values[kKey], text, sizeof text, &copied) !=
          napi_ok) {
    return false;
  }
  out_key.assign(text, copied);
  request.key = out_key;
  return true;
}

bool read_rare(napi_env env, const Arguments& arguments, SendRequest& request) {
  if (arguments.count <= kTtl) return true;
  double ttl = 0;
  double reply_to = 0;
  double acknowledge = 0;
  if (!arguments.read(env, kTtl, ttl) || !arguments.read(env, kReplyTo, reply_to) ||
      !arguments.read(env, kAcknowledge, acknowledge)) {
    return false;
  }
  if (!(ttl >= 0) || !(reply_to >= 0) || !(acknowledge >= 0 && acknowledge <= 2)) return false;
  request.ttl_ms = static_cast<std::uint64_t>(ttl);
  request.reply_to = static_cast<std::uint64_t>(reply_to);
  request.acknowledge = static_cast<Acknowledge>(acknowledge);
  return true;
}

bool read_metadata(napi_env env, const Arguments& arguments, SendRequest& request) {
  if (arguments.count <= kMetadata || is_undefined(env, arguments.values[kMetadata])) return true;
  return read_array(env, arguments.values[kMetadata], request.metadata) &&
         request.metadata.size() <= kMaxMetadataBytes;
}

// The handles of an array; false if an element is not a handle.
bool read_objects(napi_env env, const Arguments& arguments, std::vector<const Handle*>& out) {
  if (arguments.count <= kObjects || is_undefined(env, arguments.values[kObjects])) return true;
  std::uint32_t count = 0;
  if (napi_get_array_length(env, arguments.values[kObjects], &count) != napi_ok ||
      count > kMaxObjects) {
    return false;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    napi_value element = nullptr;
    if (napi_get_element(env, arguments.values[kObjects], i, &element) != napi_ok) return false;
    const Handle* handle = handle_of(env, element);
    if (handle == nullptr || !handle->valid()) return false;
    out.push_back(handle);
  }
  return true;
}

bool read_number(napi_env env, napi_value array, std::uint32_t index, std::uint64_t& out) {
  napi_value element = nullptr;
  double number = -1;
  if (napi_get_element(env, array, index, &element) != napi_ok ||
      napi_get_value_double(env, element, &number) != napi_ok || !(number >= 0)) {
    return false;
  }
  out = static_cast<std::uint64_t>(number);
  return true;
}

// Handle, offset and bytes for each region of an array. The offset counts from the beginning of the
// handle's part.
bool read_regions(napi_env env, const Arguments& arguments, std::vector<RegionRange>& out) {
  if (arguments.count <= kRegions || is_undefined(env, arguments.values[kRegions])) return true;
  constexpr std::uint32_t kFields = 3;
  const napi_value array = arguments.values[kRegions];
  std::uint32_t length = 0;
  if (napi_get_array_length(env, array, &length) != napi_ok || length % kFields != 0 ||
      length > kMaxMentions * kFields) {
    return false;
  }
  out.reserve(length / kFields);
  for (std::uint32_t i = 0; i < length; i += kFields) {
    napi_value element = nullptr;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    if (napi_get_element(env, array, i, &element) != napi_ok ||
        !read_number(env, array, i + 1, offset) || !read_number(env, array, i + 2, bytes)) {
      return false;
    }
    const RegionReference* reference = region_of(env, element);
    if (reference == nullptr || !reference->valid() || bytes == 0 || offset > reference->bytes() ||
        bytes > reference->bytes() - offset) {
      return false;
    }
    out.push_back({reference->region(), reference->offset() + offset, bytes});
  }
  return true;
}

napi_value send(napi_env env, napi_callback_info info) {
  Arguments arguments;
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &arguments.count, arguments.values, nullptr, &data) != napi_ok ||
      arguments.count <= kSource) {
    return failure(env, Status::InvalidArgument);
  }
  EndpointBinding& binding = **static_cast<BindingPointer*>(data);
  SendRequest request;
  request.when_full = binding.when_full();
  std::vector<const Handle*> objects;
  std::vector<RegionRange> regions;
  std::string key;
  std::uint32_t type_and_format = 0;
  if (napi_get_value_uint32(env, arguments.values[kRoute], &request.route) != napi_ok ||
      napi_get_value_uint32(env, arguments.values[kTypeAndFormat], &type_and_format) != napi_ok ||
      !read_bytes(env, arguments, request.payload) || !read_rare(env, arguments, request) ||
      !read_metadata(env, arguments, request) || !read_objects(env, arguments, objects) ||
      !read_regions(env, arguments, regions) || !read_policy(env, arguments, request, key)) {
    return failure(env, Status::InvalidArgument);
  }
  request.objects = objects;
  request.regions = regions;
  const Uuid* uuid = binding.type(type_and_format & 0xFFFFU);
  if (uuid == nullptr) return failure(env, Status::InvalidArgument);
  request.type = *uuid;
  request.format = static_cast<std::uint16_t>(type_and_format >> 16U);
  const SendOutcome outcome = binding.endpoint().send(request);
  if (!outcome.error.ok()) {
    binding.last_failure = outcome;
    return failure(env, outcome.error.status);
  }
  binding.receipt().write(outcome);
  return small_number(env, static_cast<std::int32_t>(outcome.receivers));
}

napi_value flush(napi_env env, napi_callback_info info) {
  void* data = nullptr;
  std::size_t count = 0;
  if (napi_get_cb_info(env, info, &count, nullptr, nullptr, &data) == napi_ok) {
    (*static_cast<BindingPointer*>(data))->endpoint().flush_bells();
  }
  return nullptr;
}

// The function keeps the binding alive.
Napi::Value make(napi_env env, const char* name, napi_callback callback,
                 const BindingPointer& binding) {
  auto* pointer = new BindingPointer(binding);
  napi_value function = nullptr;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, pointer, &function) != napi_ok) {
    delete pointer;
    return Napi::Env(env).Undefined();
  }
  const auto finalize = [](napi_env, void* data, void*) {
    delete static_cast<BindingPointer*>(data);
  };
  (void)napi_add_finalizer(env, function, pointer, finalize, nullptr, nullptr);
  return Napi::Value(env, function);
}

}  // namespace

Napi::Value make_send(Napi::Env env, const std::shared_ptr<EndpointBinding>& binding) {
  return make(env, "send", send, binding);
}

Napi::Value make_flush(Napi::Env env, const std::shared_ptr<EndpointBinding>& binding) {
  return make(env, "flush", flush, binding);
}

}  // namespace busbar::node
