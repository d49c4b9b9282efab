// Memory regions and registries.
#include <cstring>
#include <mutex>
#include <utility>

#include "ffi/objects.h"

using busbar::kMaxRegionBytes;
using busbar::RegionReference;
using busbar::ffi::code;

extern "C" {

busbar_status busbar_region_create(uint64_t bytes, uint32_t flags, busbar_region** out_region) {
  if (bytes < 1 || bytes > kMaxRegionBytes || (flags & ~BUSBAR_REGION_READ_ONLY) != 0 ||
      out_region == nullptr) {
    return BUSBAR_INVALID_ARGUMENT;
  }
  const auto peers = flags == 0 ? busbar::Access::ReadWrite : busbar::Access::ReadOnly;
  auto region = busbar::process_regions().create(bytes, peers);
  if (!region) return code(region.error());
  region.value()->hold();
  *out_region = new busbar_region{RegionReference(region.value(), 0, bytes)};
  return BUSBAR_OK;
}

void* busbar_region_map(busbar_region* region) { return region->reference.region()->data(); }

uint64_t busbar_region_bytes(const busbar_region* region) {
  return region->reference.region()->size();
}

uint64_t busbar_region_id(const busbar_region* region) { return region->reference.region()->id(); }

int32_t busbar_region_is_writable(const busbar_region* region) {
  return region->reference.region()->writable() ? 1 : 0;
}

uint64_t busbar_region_references(const busbar_region* region) {
  return region->reference.region()->references();
}

busbar_status busbar_region_duplicate(const busbar_region* region, busbar_region** out_region) {
  if (region == nullptr || out_region == nullptr) return BUSBAR_INVALID_ARGUMENT;
  const RegionReference& reference = region->reference;
  reference.region()->hold();
  *out_region =
      new busbar_region{RegionReference(reference.region(), reference.offset(), reference.bytes())};
  return BUSBAR_OK;
}

void busbar_region_free(busbar_region* region) { delete region; }

busbar_status busbar_registry_create(const busbar_registry_options* options,
                                     busbar_registry** out_registry) {
  busbar_registry_options given{};
  if (out_registry == nullptr || (options != nullptr && !busbar::ffi::read_struct(options, given)))
    return BUSBAR_INVALID_ARGUMENT;
  if ((given.region_flags & ~BUSBAR_REGION_READ_ONLY) != 0) return BUSBAR_INVALID_ARGUMENT;
  busbar::RegistryLimits limits;
  if (given.max_bytes != 0) limits.max_bytes = given.max_bytes;
  if (given.idle_ms != 0) limits.idle = std::chrono::milliseconds(given.idle_ms);
  if (given.region_flags != 0) limits.peers = busbar::Access::ReadOnly;
  auto registry = std::make_unique<busbar_registry>();
  registry->registry = std::make_unique<busbar::RegionRegistry>(busbar::native_platform(),
                                                                busbar::process_regions(), limits);
  *out_registry = registry.release();
  return BUSBAR_OK;
}

busbar_status busbar_registry_alloc(busbar_registry* registry, uint64_t min_bytes, const char* tag,
                                    busbar_free_callback on_free, void* context,
                                    busbar_region** out_region) {
  const char* name = tag == nullptr ? "" : tag;
  if (registry == nullptr || out_region == nullptr || min_bytes < 1 ||
      min_bytes > kMaxRegionBytes || std::strlen(name) > busbar::kMaxTagBytes) {
    return BUSBAR_INVALID_ARGUMENT;
  }
  std::function<void()> tell;
  if (on_free != nullptr) tell = [on_free, context] { on_free(context); };
  const std::lock_guard lock(registry->mutex);
  auto reference = registry->registry->alloc(min_bytes, name, std::move(tell));
  if (!reference) return code(reference.error());
  *out_region = new busbar_region{reference.take()};
  return BUSBAR_OK;
}

size_t busbar_registry_maintain(busbar_registry* registry) {
  const std::lock_guard lock(registry->mutex);
  return registry->registry->maintain();
}

busbar_status busbar_registry_get_stats(busbar_registry* registry,
                                        busbar_registry_stats* out_stats) {
  if (registry == nullptr) return BUSBAR_INVALID_ARGUMENT;
  busbar::RegistryStats now;
  {
    const std::lock_guard lock(registry->mutex);
    now = registry->registry->stats();
  }
  busbar_registry_stats stats{};
  stats.regions = now.regions;
  stats.bytes = now.bytes;
  stats.in_use = now.in_use;
  stats.created = now.created;
  stats.reused = now.reused;
  return busbar::ffi::write_struct(stats, out_stats);
}

void busbar_registry_free(busbar_registry* registry) { delete registry; }

}  // extern "C"
