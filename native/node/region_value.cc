// The functions that JavaScript has for regions: create, duplicate, release, read, write, view.
#include "node/region_value.h"

#include <cstring>
#include <utility>

#include "core/region/region_table.h"
#include "node/environment.h"
#include "node/failure.h"
#include "node/scalars.h"
#include "node/tagged_external.h"
#include "node/weight.h"

namespace busbar::node {
namespace {

constexpr napi_type_tag kHandleTag{0x6275736261722e72, 0x6567696f6e2e7631};

// A handle in JavaScript: one counted reference.
struct RegionHandle {
  RegionReference reference;
  std::shared_ptr<RegionViews> views;
  Weight weight;
  bool viewing = false;
};

void let_go(napi_env env, RegionHandle& handle) {
  if (!handle.reference.valid()) return;
  if (std::exchange(handle.viewing, false)) handle.views->drop(env, *handle.reference.region());
  handle.reference.reset();
  handle.weight.lift();
}

napi_value handle_value(napi_env env, RegionReference reference) {
  const std::int64_t weight = Weight::of_region(reference.bytes());
  auto* handle = new RegionHandle{
      std::move(reference), Environment::of(Napi::Env(env)).region_views(), {env, weight}, false};
  return make_external(env, handle, kHandleTag, [](napi_env at, void* data, void*) {
    auto* dying = static_cast<RegionHandle*>(data);
    let_go(at, *dying);
    delete dying;
  });
}

RegionHandle* held_handle(const Napi::CallbackInfo& info) {
  auto* handle = unwrap_external<RegionHandle>(info.Env(), info[0], kHandleTag);
  return handle != nullptr && handle->reference.valid() ? handle : nullptr;
}

Napi::Value failure(const Napi::CallbackInfo& info, const Error& error) {
  return failed(info.Env(), error);
}

Napi::Value first_reference(const Napi::CallbackInfo& info,
                            const std::shared_ptr<MemoryRegion>& region, std::uint64_t offset,
                            std::uint64_t bytes) {
  region->hold();
  std::vector<RegionReference> one;
  one.emplace_back(region, offset, bytes);
  return {info.Env(), region_values(info.Env(), std::move(one))};
}

// createRegion(bytes, readOnly) -> the fields of one reference, or -Status.
Napi::Value create_region(const Napi::CallbackInfo& info) {
  const double bytes = number_at(info, 0);
  if (!(bytes >= 1)) return failure(info, {Status::InvalidArgument});
  auto region = process_regions().create(static_cast<std::uint64_t>(bytes),
                                         flag_at(info, 1) ? Access::ReadOnly : Access::ReadWrite);
  if (!region) return failure(info, region.error());
  return first_reference(info, region.value(), 0, region.value()->size());
}

// duplicateRegion(handle) -> the fields of another reference, or -Status.
Napi::Value duplicate_region(const Napi::CallbackInfo& info) {
  const RegionHandle* handle = held_handle(info);
  if (handle == nullptr) return failure(info, {Status::Closed});
  const RegionReference& reference = handle->reference;
  return first_reference(info, reference.region(), reference.offset(), reference.bytes());
}

Napi::Value release_region(const Napi::CallbackInfo& info) {
  if (RegionHandle* handle = held_handle(info); handle != nullptr) let_go(info.Env(), *handle);
  return info.Env().Undefined();
}

// regionReferences(handle) -> the references of all processes; 0 after releaseRegion().
Napi::Value region_references(const Napi::CallbackInfo& info) {
  const RegionHandle* handle = held_handle(info);
  const std::uint64_t count = handle == nullptr ? 0 : handle->reference.region()->references();
  return Napi::Number::New(info.Env(), static_cast<double>(count));
}

// regionBuffer(handle) -> the ArrayBuffer over the whole region, or -Status: NoExternalBuffers
// where V8 refuses external memory.
Napi::Value region_buffer(const Napi::CallbackInfo& info) {
  RegionHandle* handle = held_handle(info);
  if (handle == nullptr) return failure(info, {Status::Closed});
  napi_value buffer = nullptr;
  const napi_status status =
      handle->views->view(info.Env(), handle->reference.region(), !handle->viewing, buffer);
  if (status == napi_no_external_buffers_allowed) return failure(info, {Status::NoExternalBuffers});
  if (status != napi_ok) return failure(info, {Status::OutOfMemory});
  handle->viewing = true;
  return {info.Env(), buffer};
}

// The bytes of a Uint8Array.
bool bytes_at(const Napi::CallbackInfo& info, std::size_t index, std::span<std::byte>& out) {
  void* data = nullptr;
  std::size_t bytes = 0;
  if (napi_get_buffer_info(info.Env(), info[index], &data, &bytes) != napi_ok) return false;
  out = {static_cast<std::byte*>(data), bytes};
  return true;
}

// `length` bytes of the handle's part from `offset` on; empty if it has fewer.
std::span<std::byte> part(const RegionHandle& handle, double offset, std::size_t length) {
  const std::span<std::byte> all = handle.reference.data();
  if (!(offset >= 0) || offset > static_cast<double>(all.size())) return {};
  const auto start = static_cast<std::size_t>(offset);
  return length > all.size() - start ? std::span<std::byte>() : all.subspan(start, length);
}

// readRegion(handle, offset, target) and writeRegion(handle, offset, source) -> 0 or -Status.
template <bool kWrites>
Napi::Value copy_bytes(const Napi::CallbackInfo& info) {
  const RegionHandle* handle = held_handle(info);
  if (handle == nullptr) return failure(info, {Status::Closed});
  std::span<std::byte> ours;
  if (!bytes_at(info, 2, ours)) return failure(info, {Status::InvalidArgument});
  const std::span<std::byte> theirs = part(*handle, number_at(info, 1), ours.size());
  if (theirs.size() != ours.size()) return failure(info, {Status::InvalidArgument});
  // memmove, because the program's array may be a view of the same region.
  if (!ours.empty()) {
    std::memmove(kWrites ? theirs.data() : ours.data(), kWrites ? ours.data() : theirs.data(),
                 ours.size());
  }
  return Napi::Number::New(info.Env(), 0);
}

}  // namespace

napi_value region_values(napi_env env, std::vector<RegionReference> references) {
  napi_value array = nullptr;
  if (napi_create_array_with_length(env, references.size() * kRegionFields, &array) != napi_ok)
    return nullptr;
  std::uint32_t index = 0;
  const auto put = [&](napi_value value) { (void)napi_set_element(env, array, index++, value); };
  const auto number = [env](std::uint64_t of) {
    napi_value value = nullptr;
    (void)napi_create_double(env, static_cast<double>(of), &value);
    return value;
  };
  for (RegionReference& reference : references) {
    const std::uint64_t offset = reference.offset();
    const std::uint64_t bytes = reference.bytes();
    const std::shared_ptr<MemoryRegion> region = reference.region();
    napi_value writable = nullptr;
    (void)napi_get_boolean(env, region->writable(), &writable);
    put(handle_value(env, std::move(reference)));
    put(number(region->id()));
    put(number(offset));
    put(number(bytes));
    put(writable);
  }
  return array;
}

const RegionReference* region_of(napi_env env, napi_value value) {
  const auto* handle = unwrap_external<RegionHandle>(env, value, kHandleTag);
  return handle == nullptr ? nullptr : &handle->reference;
}

void add_region_functions(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  add("createRegion", create_region);
  add("duplicateRegion", duplicate_region);
  add("releaseRegion", release_region);
  add("regionReferences", region_references);
  add("regionBuffer", region_buffer);
  add("readRegion", copy_bytes<false>);
  add("writeRegion", copy_bytes<true>);
}

}  // namespace busbar::node
