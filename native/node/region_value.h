// Memory regions that JavaScript holds, as externals, and the functions for them.
#pragma once

#include <napi.h>

#include <vector>

#include "core/region/memory_region.h"

namespace busbar::node {

// References as a flat array of kRegionFields for each: handle, id, offset, bytes, writable.
inline constexpr std::uint32_t kRegionFields = 5;
[[nodiscard]] napi_value region_values(napi_env env, std::vector<RegionReference> references);

// The reference of a handle; nullptr for any other value. Not valid() after releaseRegion().
[[nodiscard]] const RegionReference* region_of(napi_env env, napi_value value);

void add_region_functions(Napi::Env env, Napi::Object exports);

}  // namespace busbar::node
