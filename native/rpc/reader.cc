// Values from the wire: what both codecs have in common, and MessagePack.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "busbar/codec.hpp"
#include "busbar_rpc.h"
#include "rpc/text.h"

namespace busbar::rpc {

namespace {

constexpr std::uint64_t kMaxI64 = std::uint64_t{1} << 63U;

constexpr std::string_view kShort = "the payload ends within a value";

}  // namespace

bool Reader::refuse(std::string problem) {
  if (ok()) problem_ = std::move(problem);
  return false;
}

void Reader::within(std::string_view name) {
  const bool leaf = problem_.compare(0, 3, "is ") == 0 || problem_.compare(0, 6, "names ") == 0;
  problem_ = std::string(name) + (leaf ? " " : ".") + problem_;
}

bool Reader::byte(std::uint8_t& value) {
  if (rest_.empty()) return refuse(std::string(kShort));
  value = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return true;
}

bool Reader::take(std::size_t count, std::string_view& bytes) {
  if (count > rest_.size()) return refuse(std::string(kShort));
  bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return true;
}

bool Reader::big_endian(int bytes, std::uint64_t& value) {
  std::string_view taken;
  if (!take(static_cast<std::size_t>(bytes), taken)) return false;
  value = 0;
  for (const char each : taken) value = (value << 8U) | static_cast<unsigned char>(each);
  return true;
}

// The count of what begins with `first`: in the byte itself, or in 1, 2 or 4 bytes after `wide`.
bool Reader::length(std::uint8_t first, std::uint8_t short_form, std::uint8_t mask,
                    std::uint8_t wide, int least, std::uint64_t& count, const char* expected) {
  if ((first & ~static_cast<unsigned>(mask)) == short_form) {
    count = first & mask;
    return true;
  }
  for (int bytes = least; bytes <= 4; bytes *= 2, ++wide) {
    if (first == wide) return big_endian(bytes, count);
  }
  return refuse(std::string("is something else; expected ") + expected);
}

bool Reader::null() {
  if (!ok()) return false;
  if (json_) return peek_json() == 'n' && json_word("null");
  if (rest_.empty() || static_cast<unsigned char>(rest_.front()) != 0xC0) return false;
  rest_.remove_prefix(1);
  return true;
}

bool Reader::boolean(bool& value) {
  if (!ok()) return false;
  if (json_) {
    value = peek_json() == 't';
    if (value ? json_word("true") : json_word("false")) return true;
    return refuse("is something else; expected true or false");
  }
  std::uint8_t first = 0;
  if (!byte(first)) return false;
  if (first != 0xC2 && first != 0xC3) return refuse("is something else; expected true or false");
  value = first == 0xC3;
  return true;
}

bool Reader::read_number(Number& number) {
  if (!ok()) return false;
  if (json_) return json_number(number);
  std::uint8_t first = 0;
  if (!byte(first)) return false;
  std::uint64_t bits = 0;
  number.kind = Number::positive;
  if (first < 0x80) {
    number.magnitude = first;
    return true;
  }
  if (first >= 0xE0) {
    number.kind = Number::negative;
    number.magnitude = 256U - first;
    return true;
  }
  if (first == 0xCA || first == 0xCB) {
    if (!big_endian(first == 0xCA ? 4 : 8, bits)) return false;
    number.kind = Number::real;
    if (first == 0xCB) {
      std::memcpy(&number.value, &bits, sizeof bits);
    } else {
      const auto half = static_cast<std::uint32_t>(bits);
      float value = 0;
      std::memcpy(&value, &half, sizeof half);
      number.value = double{value};
    }
    return true;
  }
  if (first >= 0xCC && first <= 0xCF) return big_endian(1 << (first - 0xCC), number.magnitude);
  if (first < 0xD0 || first > 0xD3) return refuse("is something else; expected a number");
  const int bytes = 1 << (first - 0xD0);
  if (!big_endian(bytes, bits)) return false;
  const std::uint64_t sign = std::uint64_t{1} << (8U * static_cast<unsigned>(bytes) - 1U);
  if ((bits & sign) != 0) {
    number.kind = Number::negative;
    number.magnitude = bytes == 8 ? ~bits + 1 : 2 * sign - bits;
  } else {
    number.magnitude = bits;
  }
  return true;
}

bool Reader::integer(std::int64_t& value, std::int64_t min, std::int64_t max) {
  Number number;
  if (!read_number(number)) return false;
  std::int64_t found = 0;
  if (number.kind == Number::real) {
    // JavaScript writes integers as it likes.
    if (!(std::abs(number.value) < 9.3e15) || number.value != std::trunc(number.value))
      return refuse("is a number; expected an integer");
    found = static_cast<std::int64_t>(number.value);
  } else if (number.kind == Number::negative) {
    if (number.magnitude > kMaxI64) return refuse("is out of range");
    found = number.magnitude == kMaxI64 ? std::numeric_limits<std::int64_t>::min()
                                        : -static_cast<std::int64_t>(number.magnitude);
  } else {
    if (number.magnitude >= kMaxI64) return refuse("is out of range");
    found = static_cast<std::int64_t>(number.magnitude);
  }
  if (found < min || found > max) {
    return refuse("is " + std::to_string(found) + "; the range is " + std::to_string(min) + " to " +
                  std::to_string(max));
  }
  value = found;
  return true;
}

bool Reader::integer(std::uint64_t& value, std::uint64_t max) {
  Number number;
  if (!read_number(number)) return false;
  if (number.kind == Number::real) {
    if (!(number.value >= 0 && number.value < 9.3e15) || number.value != std::trunc(number.value))
      return refuse("is a number; expected an integer from 0");
    number.magnitude = static_cast<std::uint64_t>(number.value);
  } else if (number.kind == Number::negative && number.magnitude != 0) {
    return refuse("is -" + std::to_string(number.magnitude) + "; the range is 0 to " +
                  std::to_string(max));
  }
  if (number.magnitude > max) {
    return refuse("is " + std::to_string(number.magnitude) + "; the range is 0 to " +
                  std::to_string(max));
  }
  value = number.magnitude;
  return true;
}

bool Reader::number(double& value) {
  if (json_ && ok() && peek_json() == '"') {
    std::string text;
    if (!json_text(text)) return false;
    if (text == "NaN") {
      value = std::numeric_limits<double>::quiet_NaN();
    } else if (text == "Infinity" || text == "-Infinity") {
      value = std::numeric_limits<double>::infinity() * (text[0] == '-' ? -1 : 1);
    } else if (text == "-0") {
      value = -0.0;
    } else {
      return refuse("is a text; expected a number");
    }
    return true;
  }
  Number number;
  if (!read_number(number)) return false;
  value = number.kind == Number::real ? number.value : static_cast<double>(number.magnitude);
  if (number.kind == Number::negative) value = -value;
  return true;
}

bool Reader::text(std::string& value) {
  if (!ok()) return false;
  if (json_) return json_text(value);
  std::uint8_t first = 0;
  std::uint64_t count = 0;
  std::string_view found;
  if (!byte(first) || !length(first, 0xA0, 0x1F, 0xD9, 1, count, "a string") ||
      !take(static_cast<std::size_t>(count), found)) {
    return false;
  }
  if (!detail::is_utf8(found)) return refuse("is no UTF-8");
  value = found;
  return true;
}

bool Reader::bytes(ByteArray& value) {
  if (!ok()) return false;
  if (json_) {
    std::string text;
    if (!json_text(text)) return false;
    return detail::from_base64(text, value) || refuse("is a text; expected base64");
  }
  std::uint8_t first = 0;
  std::uint64_t count = 0;
  std::string_view found;
  // No small form: 0xC1 is never there.
  if (!byte(first) || !length(first, 0xC1, 0, 0xC4, 1, count, "bytes") ||
      !take(static_cast<std::size_t>(count), found)) {
    return false;
  }
  const auto* data = reinterpret_cast<const std::byte*>(found.data());
  value.assign(data, data + found.size());
  return true;
}

bool Reader::index(std::size_t limit, std::size_t& at, const char* what) {
  std::uint64_t found = 0;
  if (!integer(found, 0xFFFF)) return false;
  if (found >= limit) return refuse(std::string("names no ") + what + " of the message");
  at = static_cast<std::size_t>(found);
  return true;
}

bool Reader::region(Region& value) {
  std::size_t at = 0;
  if (!index(attachments_ == nullptr ? 0 : attachments_->regions.size(), at, "region"))
    return false;
  value = std::exchange(attachments_->regions[at], Region());
  return value ? true : refuse("names no region of the message, or one twice");
}

bool Reader::object(Object& value) {
  std::size_t at = 0;
  if (!index(attachments_ == nullptr ? 0 : attachments_->objects.size(), at, "object"))
    return false;
  value = std::exchange(attachments_->objects[at], Object());
  return value ? true : refuse("names no object of the message, or one twice");
}

bool Reader::enter(std::uint64_t count, char close) {
  if (levels_.size() >= detail::kMaxDepth) return refuse("is nested more than 100 deep");
  // Every value has a byte at least, so a count beyond that is a lie.
  if (!json_ && count > rest_.size()) return refuse(std::string(kShort));
  levels_.push_back({count, true, close});
  return true;
}

bool Reader::begin_list() {
  if (!ok()) return false;
  if (json_) {
    if (peek_json() != '[') return refuse("is something else; expected a list");
    rest_.remove_prefix(1);
    return enter(0, ']');
  }
  std::uint8_t first = 0;
  std::uint64_t count = 0;
  return byte(first) && length(first, 0x90, 0x0F, 0xDC, 2, count, "a list") && enter(count, ']');
}

bool Reader::begin_map() {
  if (!ok()) return false;
  if (json_) {
    if (peek_json() != '{') return refuse("is something else; expected a map");
    rest_.remove_prefix(1);
    return enter(0, '}');
  }
  std::uint8_t first = 0;
  std::uint64_t count = 0;
  return byte(first) && length(first, 0x80, 0x0F, 0xDE, 2, count, "a map") && enter(count, '}');
}

bool Reader::element() {
  if (!ok() || levels_.empty()) return false;
  Level& level = levels_.back();
  if (!json_) {
    if (level.left-- > 0) return true;
    levels_.pop_back();
    return false;
  }
  const char next = peek_json();
  if (next == level.close) {
    rest_.remove_prefix(1);
    levels_.pop_back();
    return false;
  }
  if (level.first) {
    level.first = false;
    return true;
  }
  if (next != ',') return refuse("is no JSON");
  rest_.remove_prefix(1);
  // No comma before the bracket.
  return peek_json() != level.close || refuse("is no JSON");
}

bool Reader::key(std::string_view& name) {
  if (!element()) return false;
  if (!json_) {
    std::uint8_t first = 0;
    std::uint64_t count = 0;
    if (!byte(first) || !length(first, 0xA0, 0x1F, 0xD9, 1, count, "a key that is a string") ||
        !take(static_cast<std::size_t>(count), name)) {
      return false;
    }
    return detail::is_utf8(name) || refuse("is no UTF-8");
  }
  if (!json_text(key_)) return false;
  if (peek_json() != ':') return refuse("is no JSON");
  rest_.remove_prefix(1);
  name = key_;
  return true;
}

bool Reader::raw(std::string_view& value) {
  if (!ok()) return false;
  if (json_) {
    (void)peek_json();
    const std::string_view before = rest_;
    if (!skip()) return false;
    value = before.substr(0, before.size() - rest_.size());
    return true;
  }
  const std::size_t size =
      busbar_rpc_value_bytes(reinterpret_cast<const std::uint8_t*>(rest_.data()), rest_.size());
  return size != 0 ? take(size, value) : refuse(std::string(kShort));
}

bool Reader::skip() {
  std::string_view ignored;
  return json_ ? ok() && skip_json() : raw(ignored);
}

bool Reader::end() {
  if (!ok()) return false;
  if (json_) (void)peek_json();
  return rest_.empty() || refuse("is followed by something else");
}

}  // namespace busbar::rpc
