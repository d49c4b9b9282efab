// Parses label expressions for C. src/selector/parse-label.ts and tokenize-label.ts do the same for
// Node, where parsing needs no addon and shows the column; the vectors in test/vectors keep both
// equal. Operators by precedence: `!`, `&`, `|`; parentheses; `true` and `false`; `#7` for the
// endpoint with that id; anything else is a name, quoted unless it consists of letters, digits and
// _ . : / @ + = ~ -. The one difference: beyond ASCII, all characters except spaces count as
// letters here.
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
