// The ranges of the options.
#include "base/join_options.h"

#include <bit>

namespace busbar {

bool JoinOptions::valid() const noexcept {
  bool within = std::has_single_bit(ring_bytes);
  const auto check = [&within](std::uint64_t value, const OptionRange& range) {
    within = within && value >= range.least && value <= range.most;
  };
#define BUSBAR_OPTION(name, node_name, unit, by_default, least, most) check(name, option::name);
#include "base/option_list.def"
#undef BUSBAR_OPTION
  return within;
}

}  // namespace busbar
