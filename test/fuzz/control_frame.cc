// Frames on the control channel.
#include "core/control/control_frame.h"

#include "fuzz.h"

FUZZ(bytes) {
  using namespace busbar;
  fuzzing::Source source(bytes);
  const std::size_t handles = source.u8() % 6;
  const auto frame = decode_frame(source.take(bytes.size()), handles);
  if (!frame) return;
  // What is accepted is what a sender could have written.
  const std::vector<std::byte> again = encode_frame(frame.value());
  fuzzing::require(decode_frame(again, handles).ok());
}
