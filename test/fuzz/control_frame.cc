// Frames on the control channel.
#include "core/control/control_frame.h"

#include "fuzz.h"

FUZZ(bytes) {
  using namespace busbar;
  fuzzing::Source source(bytes);
  const std::size_t handles = source.u8() % 6;
  const auto frame = decode_frame(source.take(bytes.size()), handles);
  if (!frame) return;
  // Every accepted frame must be one that a sender could have encoded.
  const std::vector<std::byte> again = encode_frame(frame.value());
  fuzzing::require(decode_frame(again, handles).ok());
}
