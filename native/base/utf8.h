// UTF-8 validation (Unicode 15, table 3-7): text must arrive as the same text in every language on
// the bus. Decodes nothing.
#pragma once

#include <cstddef>
#include <string_view>

namespace busbar {
namespace utf8_detail {

// Length of the valid sequence at the start of `text` (not empty); 0 when there is none.
[[nodiscard]] constexpr std::size_t sequence_length(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;

  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;

  // The second byte alone shows overlong forms, surrogates and code points above U+10FFFF.
  const unsigned lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (at(1) < lowest || at(1) > highest) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace utf8_detail

// Overlong forms, surrogates, cut sequences and code points above U+10FFFF are refused; empty is
// valid.
[[nodiscard]] constexpr bool valid_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = utf8_detail::sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace busbar
