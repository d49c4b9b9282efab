// The limits that no option changes, as constants: limit_list.def has their values.
#pragma once

#include <cstddef>
#include <cstdint>

namespace busbar {

#define BUSBAR_LIMIT(type, name, node_name, value) inline constexpr type name = value;
#include "base/limit_list.def"
#undef BUSBAR_LIMIT

}  // namespace busbar
