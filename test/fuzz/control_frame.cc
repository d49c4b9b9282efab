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
  // A label is the last field of a frame, and never larger than what others read.
  if (const auto* wish = std::get_if<RelabelFrame>(&frame.value())) {
    fuzzing::require(wish->revision != 0);
    fuzzing::require(wish->label.encoded().size() <= kMaxLabelBytes);
    fuzzing::require(Label::decode(wish->label.encoded()).ok());
  }
}
