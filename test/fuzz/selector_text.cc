// Texts of selectors, as tools and people write them.
#include "core/selector/selector_text.h"

#include <string_view>

#include "fuzz.h"

FUZZ(bytes) {
  using namespace busbar;
  std::size_t offset = 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto program = parse_selector_text(text, offset);
  if (!program) return fuzzing::require(offset <= bytes.size());
  fuzzing::touch(program.value().bytes());
}
