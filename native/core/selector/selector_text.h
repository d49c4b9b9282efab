// Parses label expressions, as the TypeScript side does (src/selector/parse-label.ts): operators,
// strongest first, `!`, `&`, `|`; parentheses; `true` and `false`; `#7` for the endpoint with that
// id; everything else is a name, in quotes if it has characters other than letters, digits and _ .
// : / @ + = ~ -. Every character beyond ASCII except a space counts as a letter, without a table.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/selector/selector_program.h"

namespace busbar {

// The most bytes of a text.
inline constexpr std::size_t kMaxSelectorText = 65536;

// InvalidSelector: the error is at byte `out_offset`. LimitExceeded: the program would be longer or
// deeper than SelectorProgram allows.
[[nodiscard]] Result<SelectorProgram> parse_selector_text(std::string_view text,
                                                          std::size_t& out_offset);

}  // namespace busbar
