// Values from the wire: times, durations, and any value that JSON has.
#include <cmath>

#include "busbar/codec.hpp"
#include "rpc/text.h"

namespace busbar::rpc {

bool Reader::time(Time& value) {
  if (!ok()) return false;
  std::int64_t count = 0;
  if (json_) {
    std::string text;
    if (!json_text(text)) return false;
    if (!detail::parse_time(text, count)) return refuse("is no time as in RFC 3339");
    value = Time(std::chrono::microseconds(count));
    return true;
  }
  std::string_view head;
  if (!take(2, head)) return false;
  std::uint64_t seconds = 0;
  std::uint64_t nanoseconds = 0;
  if (head == "\xD6\xFF") {
    if (!big_endian(4, seconds)) return false;
  } else if (head == "\xD7\xFF") {
    if (!big_endian(8, seconds)) return false;
    nanoseconds = seconds >> 34U;
    seconds &= (std::uint64_t{1} << 34U) - 1;
  } else if (head == "\xC7\x0C") {
    std::uint8_t type = 0;
    if (!byte(type) || !big_endian(4, nanoseconds) || !big_endian(8, seconds)) return false;
    if (type != 0xFF) return refuse("is something else; expected a time");
  } else {
    return refuse("is something else; expected a time");
  }
  const auto whole = static_cast<std::int64_t>(seconds);
  if (nanoseconds >= 1'000'000'000 || whole < detail::min_time / 1'000'000 ||
      whole > detail::max_time / 1'000'000) {
    return refuse("is not in the years 0 to 9999");
  }
  count = whole * 1'000'000 + static_cast<std::int64_t>(nanoseconds / 1000);
  value = Time(std::chrono::microseconds(count));
  return true;
}

bool Reader::duration(Duration& value) {
  std::int64_t count = 0;
  if (json_) {
    std::string text;
    if (!ok() || !json_text(text)) return false;
    if (!detail::parse_duration(text, count)) return refuse("is no duration as in ISO 8601");
  } else if (!integer(count, std::numeric_limits<std::int64_t>::min(),
                      std::numeric_limits<std::int64_t>::max())) {
    return false;
  }
  value = Duration(count);
  return true;
}

bool Reader::any(Value& value) {
  if (null()) {
    value = Value();
    return true;
  }
  if (!ok()) return false;
  const auto first = static_cast<unsigned char>(json_           ? peek_json()
                                                : rest_.empty() ? 0xC1
                                                                : rest_.front());
  const bool is_list =
      json_ ? first == '[' : (first & 0xF0U) == 0x90 || first == 0xDC || first == 0xDD;
  const bool is_map =
      json_ ? first == '{' : (first & 0xF0U) == 0x80 || first == 0xDE || first == 0xDF;
  const bool is_flag = json_ ? first == 't' || first == 'f' : first == 0xC2 || first == 0xC3;
  const bool is_text =
      json_ ? first == '"' : (first >= 0xA0 && first < 0xC0) || (first >= 0xD9 && first <= 0xDB);
  if (is_list) {
    Value::List list;
    if (!detail::Coder<Value::List>::read(*this, list)) return false;
    value = std::move(list);
    return true;
  }
  if (is_map) {
    Value::Map map;
    if (!detail::Coder<Value::Map>::read(*this, map)) return false;
    value = std::move(map);
    return true;
  }
  if (is_flag) {
    bool flag = false;
    if (!boolean(flag)) return false;
    value = flag;
    return true;
  }
  if (is_text) {
    std::string found;
    if (!text(found)) return false;
    value = std::move(found);
    return true;
  }
  double found = 0;
  if (!number(found)) return false;
  if (!std::isfinite(found)) return refuse("is a number that JSON cannot express");
  value = found;
  return true;
}

}  // namespace busbar::rpc
