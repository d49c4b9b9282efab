// Values from the wire: JSON, as RFC 8259 has it.
#include <clocale>
#include <cmath>
#include <cstdlib>

#include "busbar/codec.hpp"
#include "rpc/text.h"

namespace busbar::rpc {

namespace {

bool is_digit(char each) { return each >= '0' && each <= '9'; }

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0U | (code >> 6U));
    put(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    put(0xE0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  } else {
    put(0xF0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3FU));
    put(0x80U | ((code >> 6U) & 0x3FU));
    put(0x80U | (code & 0x3FU));
  }
}

// The number that a valid text of JSON stands for, whatever the locale writes for a point.
double to_double(std::string text) {
  const char* point = std::localeconv()->decimal_point;
  const std::size_t at = text.find('.');
  if (at != std::string::npos) text.replace(at, 1, point);
  return std::strtod(text.c_str(), nullptr);
}

// The length of the number at the beginning of a text; 0 for none.
std::size_t number_length(std::string_view text, bool& is_integer) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return at > begin;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const std::size_t first = at;
  if (!digits() || (text[first] == '0' && at > first + 1)) return 0;
  is_integer = true;
  if (at < text.size() && text[at] == '.') {
    ++at;
    is_integer = false;
    if (!digits()) return 0;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    is_integer = false;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (!digits()) return 0;
  }
  return at;
}

}  // namespace

// The next byte that is no space; 0 at the end.
char Reader::peek_json() {
  while (!rest_.empty()) {
    const char next = rest_.front();
    if (next != ' ' && next != '\t' && next != '\n' && next != '\r') return next;
    rest_.remove_prefix(1);
  }
  return 0;
}

bool Reader::json_word(std::string_view word) {
  if (rest_.substr(0, word.size()) != word) return false;
  rest_.remove_prefix(word.size());
  return true;
}

bool Reader::json_number(Number& number) {
  (void)peek_json();
  bool is_integer = false;
  const std::size_t length = number_length(rest_, is_integer);
  if (length == 0) return refuse("is something else; expected a number");
  std::string_view text = rest_.substr(0, length);
  rest_.remove_prefix(length);
  if (is_integer && text.size() <= 19) {
    const bool negative = text.front() == '-';
    if (negative) text.remove_prefix(1);
    for (const char each : text) {
      number.magnitude = number.magnitude * 10 + static_cast<std::uint64_t>(each - '0');
    }
    number.kind = negative ? Number::negative : Number::positive;
    return true;
  }
  number.kind = Number::real;
  number.value = to_double(std::string(text));
  return std::isfinite(number.value) || refuse("is too large");
}

bool Reader::hexadecimal(std::uint32_t& unit) {
  std::string_view digits;
  if (!take(4, digits)) return false;
  unit = 0;
  for (const char each : digits) {
    const char lower = each >= 'A' && each <= 'F' ? static_cast<char>(each + 32) : each;
    std::uint32_t value = 16;
    if (is_digit(lower)) value = static_cast<std::uint32_t>(lower - '0');
    if (lower >= 'a' && lower <= 'f') value = static_cast<std::uint32_t>(lower - 'a') + 10;
    if (value > 15) return refuse("is no JSON");
    unit = unit * 16 + value;
  }
  return true;
}

// What follows a backslash.
bool Reader::json_escape(std::string& value) {
  std::uint8_t next = 0;
  if (!byte(next)) return false;
  constexpr std::string_view names = "\"\\/bfnrt";
  constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
  const std::size_t at = names.find(static_cast<char>(next));
  if (at != std::string_view::npos) {
    value += meant[at];
    return true;
  }
  std::uint32_t unit = 0;
  if (next != 'u' || !hexadecimal(unit)) return refuse("is no JSON");
  if (unit >= 0xD800 && unit <= 0xDFFF) {
    std::uint32_t low = 0;
    if (unit > 0xDBFF || !json_word("\\u") || !hexadecimal(low) || low < 0xDC00 || low > 0xDFFF)
      return refuse("has a lone surrogate");
    unit = 0x10000 + ((unit - 0xD800) << 10U) + (low - 0xDC00);
  }
  append_utf8(value, unit);
  return true;
}

bool Reader::json_text(std::string& value) {
  if (peek_json() != '"') return refuse("is something else; expected a string");
  rest_.remove_prefix(1);
  value.clear();
  for (;;) {
    std::size_t at = 0;
    while (at < rest_.size() && rest_[at] != '"' && rest_[at] != '\\' &&
           static_cast<unsigned char>(rest_[at]) >= 0x20) {
      ++at;
    }
    value += rest_.substr(0, at);
    rest_.remove_prefix(at);
    if (rest_.empty()) return refuse("is no JSON");
    const char next = rest_.front();
    rest_.remove_prefix(1);
    if (next == '"') return detail::is_utf8(value) || refuse("is no UTF-8");
    if (next != '\\') return refuse("is no JSON");
    if (!json_escape(value)) return false;
  }
}

bool Reader::skip_json() {
  const char first = peek_json();
  std::string text;
  Number number;
  switch (first) {
    case '"':
      return json_text(text);
    case 't':
      return json_word("true") || refuse("is no JSON");
    case 'f':
      return json_word("false") || refuse("is no JSON");
    case 'n':
      return json_word("null") || refuse("is no JSON");
    case '[': {
      if (!begin_list()) return false;
      while (element()) {
        if (!skip_json()) return false;
      }
      return ok();
    }
    case '{': {
      if (!begin_map()) return false;
      std::string_view name;
      while (key(name)) {
        if (!skip_json()) return false;
      }
      return ok();
    }
    default:
      return json_number(number);
  }
}

// An integer of 64 bits is a text in JSON, or a number if it is small.
bool Reader::large(std::int64_t& value) {
  constexpr auto min = std::numeric_limits<std::int64_t>::min();
  constexpr auto max = std::numeric_limits<std::int64_t>::max();
  if (!json_ || !ok() || peek_json() != '"') return integer(value, min, max);
  std::string text;
  if (!json_text(text)) return false;
  const bool negative = !text.empty() && text.front() == '-';
  std::uint64_t magnitude = 0;
  const std::uint64_t limit = (std::uint64_t{1} << 63U) - (negative ? 0 : 1);
  if (text.size() == static_cast<std::size_t>(negative)) return refuse("is no integer");
  for (std::size_t at = negative ? 1 : 0; at < text.size(); ++at) {
    if (!is_digit(text[at])) return refuse("is no integer");
    const auto digit = static_cast<std::uint64_t>(text[at] - '0');
    if (magnitude > (limit - digit) / 10) return refuse("is out of range");
    magnitude = magnitude * 10 + digit;
  }
  value =
      negative ? static_cast<std::int64_t>(~magnitude + 1) : static_cast<std::int64_t>(magnitude);
  return true;
}

bool Reader::large(std::uint64_t& value) {
  constexpr auto max = std::numeric_limits<std::uint64_t>::max();
  if (!json_ || !ok() || peek_json() != '"') return integer(value, max);
  std::string text;
  if (!json_text(text)) return false;
  if (text.empty()) return refuse("is no integer");
  value = 0;
  for (const char each : text) {
    if (!is_digit(each)) return refuse("is no integer");
    const auto digit = static_cast<std::uint64_t>(each - '0');
    if (value > (max - digit) / 10) return refuse("is out of range");
    value = value * 10 + digit;
  }
  return true;
}

}  // namespace busbar::rpc
