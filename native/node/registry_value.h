// A RegionRegistry as JavaScript holds it, and what JavaScript can do with it.
#pragma once

#include <napi.h>

namespace busbar::node {

// createRegistry(), allocRegion(), maintainRegistry(), registryStats(), clearRegistry(),
// takeFreedRegions() and listenToRegions().
void add_registry_functions(Napi::Env env, Napi::Object exports);

}  // namespace busbar::node
