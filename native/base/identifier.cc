// Checks an identifier.
#include "base/identifier.h"

#include "base/utf8.h"

namespace busbar {
namespace {

// `text` must be valid UTF-8: there C2 is always followed by the byte that decides.
bool has_control_character(std::string_view text) noexcept {
  unsigned previous = 0;
  for (const char c : text) {
    const unsigned byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) return true;
    if (previous == 0xc2 && byte < 0xa0) return true;
    previous = byte;
  }
  return false;
}

}  // namespace

Status check_identifier(std::string_view identifier) noexcept {
  if (identifier.empty() || identifier.size() > kMaxIdentifierBytes) {
    return Status::InvalidIdentifier;
  }
  if (!valid_utf8(identifier) || has_control_character(identifier)) {
    return Status::InvalidIdentifier;
  }
  return Status::Ok;
}

}  // namespace busbar
