// The rules of a label, the same for our own strings and for bytes from a peer.
#include "core/selector/label.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/utf8.h"

namespace busbar {

bool Label::append(std::string_view string) {
  if (string.empty() || string.size() > kMaxLabelStringBytes) return false;
  if (encoded_.size() + 1 + string.size() > kMaxLabelBytes) return false;
  if (!valid_utf8(string) || contains(string)) return false;
  ByteWriter writer(encoded_);
  writer.u8(static_cast<std::uint8_t>(string.size()));
  writer.bytes(std::as_bytes(std::span(string)));
  return true;
}

Result<Label> Label::create(std::span<const std::string_view> strings) {
  if (strings.size() > kMaxLabelStrings) return Status::InvalidLabel;
  Label label;
  for (const std::string_view string : strings) {
    if (!label.append(string)) return Status::InvalidLabel;
  }
  return label;
}

Result<Label> Label::decode(std::span<const std::byte> encoded) {
  if (encoded.size() > kMaxLabelBytes) return Status::InvalidLabel;
  ByteReader reader(encoded);
  Label label;
  label.encoded_.reserve(encoded.size());
  for (std::size_t count = 0; reader.remaining() > 0; ++count) {
    const auto string = reader.bytes(reader.u8());
    const std::string_view text(reinterpret_cast<const char*>(string.data()), string.size());
    if (!reader.ok() || count == kMaxLabelStrings || !label.append(text)) {
      return Status::InvalidLabel;
    }
  }
  return label;
}

bool Label::contains(std::string_view string) const noexcept {
  return std::find(begin(), end(), string) != end();
}

}  // namespace busbar
