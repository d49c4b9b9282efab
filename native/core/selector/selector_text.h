// Reads label expressions from text, as the TypeScript side does (src/selector/parse-label.ts):
// operators from the strongest `!`, `&`, `|`; parentheses; `true` and `false`; `#7` for the
// endpoint with that id; everything else is a name, in quotes if it has other characters than
// letters, digits and _ . : / @ + = ~ -. Which characters beyond ASCII are letters is not looked
// up: all but spaces are.
#pragma once

#include <cstddef>
#include <string_view>

#include "core/selector/selector_program.h"

namespace busbar {

// Bytes that a text may have.
inline constexpr std::size_t kMaxSelectorText = 65536;

// InvalidSelector: `out_offset` is the byte where it goes wrong. LimitExceeded: the program would
// be longer or deeper than SelectorProgram allows.
[[nodiscard]] Result<SelectorProgram> parse_selector_text(std::string_view text,
                                                          std::size_t& out_offset);

}  // namespace busbar
