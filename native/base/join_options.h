// JoinOptions: the options of joining that are numbers, made from option_list.def. Identifier,
// label, token and callbacks are elsewhere.
#pragma once

#include <cstdint>

#include "base/limits.h"

namespace busbar {

struct OptionRange {
  std::uint64_t standard;
  std::uint64_t least;
  std::uint64_t most;
};

namespace option {
#define BUSBAR_OPTION(name, node_name, unit, by_default, least, most) \
  inline constexpr OptionRange name{by_default, least, most};
#include "base/option_list.def"
#undef BUSBAR_OPTION
}  // namespace option

struct JoinOptions {
#define BUSBAR_OPTION(name, node_name, unit, by_default, least, most) \
  std::uint64_t name = option::name.standard;
#include "base/option_list.def"
#undef BUSBAR_OPTION

  // True if each option is within its range and the ring's size is a power of two.
  [[nodiscard]] bool valid() const noexcept;
};

}  // namespace busbar
