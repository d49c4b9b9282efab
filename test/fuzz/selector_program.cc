// Selector programs, as they come with messages that a leaving member hands over.
#include "core/selector/selector_program.h"

#include "core/selector/label.h"
#include "fuzz.h"

FUZZ(bytes) {
  using namespace busbar;
  const auto program = SelectorProgram::create(bytes);
  if (!program) return;
  const std::string_view strings[] = {"renderer", "codec", "x"};
  static const Label label = Label::create(strings).take();
  (void)program.value().matches(7, label);
  (void)program.value().matches(~0ULL, Label());
}
