// Memory registries for JavaScript: each belongs to the thread that made it.
#include "node/registry_value.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/region/region_registry.h"
#include "node/environment.h"
#include "node/failure.h"
#include "node/region_value.h"
#include "node/scalars.h"
#include "node/tagged_external.h"

namespace busbar::node {
namespace {

constexpr napi_type_tag kRegistryTag{0x6275736261722e72, 0x656769737472792e};

RegionRegistry* registry_at(const Napi::CallbackInfo& info) {
  return unwrap_external<RegionRegistry>(info.Env(), info[0], kRegistryTag);
}

std::chrono::milliseconds milliseconds_at(const Napi::CallbackInfo& info, std::size_t index) {
  return std::chrono::milliseconds(large_at(info, index));
}

// createRegistry(maxBytes, idleMs, readOnly) -> registry.
Napi::Value create_registry(const Napi::CallbackInfo& info) {
  const RegistryLimits limits{large_at(info, 0), milliseconds_at(info, 1),
                              flag_at(info, 2) ? Access::ReadOnly : Access::ReadWrite};
  auto* registry = new RegionRegistry(native_platform(), process_regions(), limits);
  return {info.Env(),
          make_external(info.Env(), registry, kRegistryTag, [](napi_env, void* data, void*) {
            delete static_cast<RegionRegistry*>(data);
          })};
}

// At most kMaxTagBytes; false for anything else.
bool read_tag(const Napi::CallbackInfo& info, std::size_t index, std::string& out) {
  char text[kMaxTagBytes + 2];
  std::size_t bytes = 0;
  if (napi_get_value_string_utf8(info.Env(), info[index], text, sizeof text, &bytes) != napi_ok ||
      bytes > kMaxTagBytes) {
    return false;
  }
  out.assign(text, bytes);
  return true;
}

// allocRegion(registry, minBytes, tag, number) -> the fields of one reference, or -Status. If the
// number is not 0, the listener is called with it once the region is free.
Napi::Value alloc_region(const Napi::CallbackInfo& info) {
  RegionRegistry* registry = registry_at(info);
  const std::uint64_t bytes = large_at(info, 1);
  std::string tag;
  if (registry == nullptr || bytes < 1 || bytes > kMaxRegionBytes || !read_tag(info, 2, tag))
    return failed(info.Env(), {Status::InvalidArgument});
  std::function<void()> on_free;
  if (const std::uint64_t number = unsigned_at(info, 3); number != 0) {
    on_free = [freed = Environment::of(info.Env()).freed_regions(), number] { freed->add(number); };
  }
  auto reference = registry->alloc(bytes, tag, std::move(on_free));
  if (!reference) return failed(info.Env(), reference.error());
  std::vector<RegionReference> one;
  one.push_back(reference.take());
  return {info.Env(), region_values(info.Env(), std::move(one))};
}

// maintainRegistry(registry, idleMs) -> how many regions it gave back, or -Status.
Napi::Value maintain_registry(const Napi::CallbackInfo& info) {
  RegionRegistry* registry = registry_at(info);
  if (registry == nullptr) return failed(info.Env(), {Status::InvalidArgument});
  return number(info.Env(), registry->maintain(milliseconds_at(info, 1)));
}

// registryStats(registry) -> [regions, bytes, inUse, created, reused], or -Status.
Napi::Value registry_stats(const Napi::CallbackInfo& info) {
  RegionRegistry* registry = registry_at(info);
  if (registry == nullptr) return failed(info.Env(), {Status::InvalidArgument});
  const RegistryStats stats = registry->stats();
  Napi::Array array = Napi::Array::New(info.Env(), 5);
  array.Set(0U, number(info.Env(), stats.regions));
  array.Set(1U, number(info.Env(), stats.bytes));
  array.Set(2U, number(info.Env(), stats.in_use));
  array.Set(3U, number(info.Env(), stats.created));
  array.Set(4U, number(info.Env(), stats.reused));
  return array;
}

Napi::Value clear_registry(const Napi::CallbackInfo& info) {
  if (RegionRegistry* registry = registry_at(info); registry != nullptr) registry->clear();
  return info.Env().Undefined();
}

// takeFreedRegions() -> numbers; see FreedRegions.
Napi::Value take_freed_regions(const Napi::CallbackInfo& info) {
  const std::vector<std::uint64_t> numbers = Environment::of(info.Env()).freed_regions()->take();
  Napi::Array array = Napi::Array::New(info.Env(), numbers.size());
  for (std::uint32_t i = 0; i < numbers.size(); ++i) array.Set(i, number(info.Env(), numbers[i]));
  return array;
}

// listenToRegions(listener): see FreedRegions.
Napi::Value listen_to_regions(const Napi::CallbackInfo& info) {
  const bool ok =
      info[0].IsFunction() && FreedRegions::listen(Environment::of(info.Env()).freed_regions(),
                                                   info.Env(), info[0]) == napi_ok;
  return failed(info.Env(), {ok ? Status::Ok : Status::System});
}

}  // namespace

void add_registry_functions(Napi::Env env, Napi::Object exports) {
  const auto add = [&](const char* name, Napi::Value (*function)(const Napi::CallbackInfo&)) {
    exports.Set(name, Napi::Function::New(env, function, name));
  };
  add("createRegistry", create_registry);
  add("allocRegion", alloc_region);
  add("maintainRegistry", maintain_registry);
  add("registryStats", registry_stats);
  add("clearRegistry", clear_registry);
  add("takeFreedRegions", take_freed_regions);
  add("listenToRegions", listen_to_regions);
}

}  // namespace busbar::node
