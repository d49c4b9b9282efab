// Frames on a link's channel.
#include "core/link/link_frame.h"

#include <algorithm>

#include "fuzz.h"

FUZZ(bytes) {
  using namespace busbar;
  const auto frame = decode_link_frame(bytes);
  if (frame) fuzzing::require(std::ranges::equal(encode(*frame), bytes));
}
