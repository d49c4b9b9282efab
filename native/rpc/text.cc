#include "rpc/text.h"

#include <array>
#include <cstdio>

namespace busbar::rpc::detail {

namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Reads digits from the front of a text.
class Digits {
 public:
  explicit Digits(std::string_view text) noexcept : text_(text) {}
  // Exactly `count` digits.
  bool fixed(std::size_t count, std::int64_t& value) noexcept { return some(count, count, value); }
  // At least `least`, at most `most` digits; `count` says how many there were.
  bool some(std::size_t least, std::size_t most, std::int64_t& value) noexcept {
    value = 0;
    count = 0;
    while (count < most && count < text_.size() && text_[count] >= '0' && text_[count] <= '9') {
      value = value * 10 + (text_[count] - '0');
      ++count;
    }
    text_.remove_prefix(count);
    return count >= least;
  }
  bool mark(char wanted) noexcept {
    if (text_.empty() || text_.front() != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  std::size_t count = 0;

 private:
  std::string_view text_;
};

// Days since 1970-01-01 of a date of the Gregorian calendar. Years begin in March here, so that the
// leap day is the last of one.
constexpr std::int64_t days_of(std::int64_t year, std::int64_t month, std::int64_t day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t of_era = y - era * 400;
  const std::int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146'097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719'468;
}

struct Date {
  std::int64_t year, month, day;
};

constexpr Date date_of(std::int64_t days) {
  const std::int64_t shifted = days + 719'468;
  const std::int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const std::int64_t of_era = shifted - era * 146'097;
  const std::int64_t year =
      (of_era - of_era / 1460 + of_era / 36'524 - of_era / 146'096) / 365 + era * 400;
  const std::int64_t of_year =
      of_era - (365 * (year - era * 400) + (year - era * 400) / 4 - (year - era * 400) / 100);
  const std::int64_t month = (5 * of_year + 2) / 153;
  const std::int64_t day = of_year - (153 * month + 2) / 5 + 1;
  return {month < 10 ? year : year + 1, month < 10 ? month + 3 : month - 9, day};
}

bool fraction(Digits& digits, std::size_t keep, std::int64_t& value) {
  std::int64_t found = 0;
  if (!digits.some(1, 9, found)) return false;
  for (std::size_t at = digits.count; at < keep; ++at) found *= 10;
  for (std::size_t at = keep; at < digits.count; ++at) found /= 10;
  value = found;
  return true;
}

}  // namespace

std::size_t utf8_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size()) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x80) {
      ++at;
      continue;
    }
    const std::size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if (first < 0xC2 || first > 0xF4 || text.size() - at <= more) return at;
    const auto second = static_cast<unsigned char>(text[at + 1]);
    // Not longer than need be, no surrogates, and nothing beyond U+10FFFF.
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
        (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) {
      return at;
    }
    for (std::size_t i = 1; i <= more; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xC0U) != 0x80U) return at;
    }
    at += more + 1;
  }
  return at;
}

std::string to_base64(const std::byte* data, std::size_t size) {
  std::string text;
  text.reserve((size + 2) / 3 * 4);
  for (std::size_t at = 0; at < size; at += 3) {
    std::uint32_t group = 0;
    const std::size_t count = size - at < 3 ? size - at : 3;
    for (std::size_t i = 0; i < 3; ++i) {
      group = (group << 8U) | (i < count ? std::to_integer<std::uint32_t>(data[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= count ? kDigits[(group >> (18 - 6 * i)) & 63U] : '=';
    }
  }
  return text;
}

bool from_base64(std::string_view text, ByteArray& bytes) {
  static const auto values = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(64);
    for (std::size_t i = 0; i < kDigits.size(); ++i) {
      table[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
    }
    return table;
  }();
  std::size_t padding = 0;
  while (padding < 2 && !text.empty() && text.back() == '=') {
    text.remove_suffix(1);
    ++padding;
  }
  if (text.size() % 4 == 1 || (padding > 0 && (text.size() + padding) % 4 != 0)) return false;
  bytes.clear();
  bytes.reserve(text.size() / 4 * 3 + 2);
  std::uint32_t group = 0;
  std::uint32_t bits = 0;
  for (const char each : text) {
    const std::uint8_t value = values[static_cast<unsigned char>(each)];
    if (value > 63) return false;
    group = ((group << 6U) | value) & 0xFFFFU;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<std::byte>((group >> bits) & 0xFFU));
  }
  return true;
}

std::string time_text(std::int64_t microseconds) {
  constexpr std::int64_t a_day = 86'400'000'000;
  std::int64_t days = microseconds / a_day;
  std::int64_t rest = microseconds % a_day;
  if (rest < 0) {
    rest += a_day;
    --days;
  }
  const Date date = date_of(days);
  const auto part = [](std::int64_t value) { return static_cast<int>(value); };
  std::array<char, 96> text{};
  const std::int64_t seconds = rest / 1'000'000;
  const std::int64_t fine = rest % 1'000'000;
  const int head = std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.",
                                 part(date.year), part(date.month), part(date.day),
                                 part(seconds / 3600), part(seconds / 60 % 60), part(seconds % 60));
  char* end = text.data() + head;
  const std::size_t room = text.size() - static_cast<std::size_t>(head);
  if (fine % 1000 == 0) {
    (void)std::snprintf(end, room, "%03dZ", part(fine / 1000));
  } else {
    (void)std::snprintf(end, room, "%06dZ", part(fine));
  }
  return text.data();
}

bool parse_time(std::string_view text, std::int64_t& microseconds) {
  Digits in(text);
  std::int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fine = 0;
  const bool whole = in.fixed(4, year) && in.mark('-') && in.fixed(2, month) && in.mark('-') &&
                     in.fixed(2, day) && (in.mark('T') || in.mark('t')) && in.fixed(2, hour) &&
                     in.mark(':') && in.fixed(2, minute) && in.mark(':') && in.fixed(2, second);
  if (!whole || (in.mark('.') && !fraction(in, 6, fine))) return false;
  std::int64_t offset = 0;
  if (!in.mark('Z') && !in.mark('z')) {
    const bool before = in.mark('-');
    std::int64_t hours = 0, minutes = 0;
    if ((!before && !in.mark('+')) || !in.fixed(2, hours) || !in.mark(':') ||
        !in.fixed(2, minutes) || hours > 23 || minutes > 59) {
      return false;
    }
    offset = (hours * 60 + minutes) * (before ? -1 : 1);
  }
  if (!in.empty() || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
    return false;
  const std::int64_t days = days_of(year, month, day);
  const Date back = date_of(days);
  if (back.month != month || back.day != day) return false;
  const std::int64_t minutes = (days * 24 + hour) * 60 + minute - offset;
  microseconds = (minutes * 60 + second) * 1'000'000 + fine;
  return microseconds >= min_time && microseconds <= max_time;
}

std::string duration_text(std::int64_t nanoseconds) {
  const bool negative = nanoseconds < 0;
  const std::uint64_t size = negative ? ~static_cast<std::uint64_t>(nanoseconds) + 1
                                      : static_cast<std::uint64_t>(nanoseconds);
  std::string text = (negative ? "-PT" : "PT") + std::to_string(size / 1'000'000'000);
  std::string rest = std::to_string(size % 1'000'000'000);
  rest.insert(0, 9 - rest.size(), '0');
  rest.erase(rest.find_last_not_of('0') + 1);
  if (!rest.empty()) text += "." + rest;
  return text + "S";
}

bool parse_duration(std::string_view text, std::int64_t& nanoseconds) {
  Digits in(text);
  const bool negative = in.mark('-');
  if (!in.mark('P') || in.empty()) return false;
  // At most 11 digits each: the sum stays far below 63 bits of seconds.
  std::int64_t seconds = 0;
  std::int64_t fine = 0;
  std::int64_t value = 0;
  bool in_time = in.mark('T');
  if (!in_time) {
    if (!in.some(1, 6, value) || !in.mark('D')) return false;
    seconds = value * 86'400;
    in_time = in.mark('T');
    if (in_time && in.empty()) return false;
  }
  if (in_time) {
    if (in.empty()) return false;
    int stage = 0;
    while (!in.empty()) {
      if (!in.some(1, 11, value)) return false;
      if (stage < 1 && in.mark('H')) {
        seconds += value * 3600;
        stage = 1;
      } else if (stage < 2 && in.mark('M')) {
        seconds += value * 60;
        stage = 2;
      } else {
        if (in.mark('.') && !fraction(in, 9, fine)) return false;
        if (!in.mark('S')) return false;
        seconds += value;
        break;
      }
    }
  }
  // What 63 bits of nanoseconds hold.
  constexpr std::int64_t most = 9'223'372'036;
  if (!in.empty() || seconds > most || (seconds == most && fine > 854'775'807)) return false;
  nanoseconds = seconds * 1'000'000'000 + fine;
  if (negative) nanoseconds = -nanoseconds;
  return true;
}

}  // namespace busbar::rpc::detail
