// Values on their way to the wire, as MessagePack and JSON.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "busbar/codec.hpp"
#include "rpc/text.h"

namespace busbar::rpc {

namespace {

std::string number_text(double value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  if (value == 0) return std::signbit(value) ? "\"-0\"" : "0";
  std::array<char, 40> text{};
  // The shortest of the texts that are read back as the same number.
  for (const int digits : {15, 16, 17}) {
    (void)std::snprintf(text.data(), text.size(), "%.*g", digits, value);
    if (std::strtod(text.data(), nullptr) == value) break;
  }
  // A locale may have put a comma there.
  for (char& each : text) {
    if (each == ',') each = '.';
  }
  return text.data();
}

void append_json(std::string& out, std::string_view text) {
  out += '"';
  for (const char each : text) {
    const auto byte = static_cast<unsigned char>(each);
    if (each == '"' || each == '\\') {
      out += '\\';
      out += each;
    } else if (byte < 0x20) {
      std::array<char, 8> escape{};
      (void)std::snprintf(escape.data(), escape.size(), "\\u%04x", byte);
      out += escape.data();
    } else {
      out += each;
    }
  }
  out += '"';
}

}  // namespace

void Writer::refuse(std::string problem) {
  if (ok()) problem_ = std::move(problem);
}

void Writer::within(std::string_view name) {
  const bool leaf = problem_.compare(0, 3, "is ") == 0 || problem_.compare(0, 4, "has ") == 0;
  problem_ = std::string(name) + (leaf ? " " : ".") + problem_;
}

void Writer::big_endian(std::uint64_t value, int bytes) {
  for (int at = bytes - 1; at >= 0; --at) {
    out += static_cast<char>((value >> (8U * static_cast<unsigned>(at))) & 0xFFU);
  }
}

// The head of what has a count: in the first byte itself if it is small, else in 2 or 4 bytes.
void Writer::head(std::uint8_t short_form, std::uint8_t first, std::size_t limit,
                  std::size_t count) {
  if (count < limit) {
    out += static_cast<char>(short_form | count);
  } else if (count <= 0xFFFF) {
    out += static_cast<char>(first);
    big_endian(count, 2);
  } else {
    out += static_cast<char>(first + 1);
    big_endian(count, 4);
  }
}

void Writer::separate() {
  if (!json_ || open_.empty()) return;
  if (after_key_) {
    after_key_ = false;
    return;
  }
  // The bracket is marked as long as nothing stands in it.
  const auto marked = static_cast<unsigned char>(open_.back());
  if (marked >= 0x80) {
    open_.back() = static_cast<char>(marked & 0x7FU);
  } else {
    out += ',';
  }
}

void Writer::null() {
  separate();
  if (json_) {
    out += "null";
  } else {
    out += static_cast<char>(0xC0);
  }
}

void Writer::boolean(bool value) {
  separate();
  if (json_) {
    out += value ? "true" : "false";
  } else {
    out += static_cast<char>(value ? 0xC3 : 0xC2);
  }
}

void Writer::integer(std::int64_t value) {
  if (value >= 0) return integer(static_cast<std::uint64_t>(value));
  separate();
  if (json_) {
    out += std::to_string(value);
    return;
  }
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= -32) {
    out += static_cast<char>(bits & 0xFFU);
  } else if (value >= -128) {
    out += static_cast<char>(0xD0);
    big_endian(bits, 1);
  } else if (value >= -32'768) {
    out += static_cast<char>(0xD1);
    big_endian(bits, 2);
  } else if (value >= -2'147'483'648LL) {
    out += static_cast<char>(0xD2);
    big_endian(bits, 4);
  } else {
    out += static_cast<char>(0xD3);
    big_endian(bits, 8);
  }
}

void Writer::integer(std::uint64_t value) {
  separate();
  if (json_) {
    out += std::to_string(value);
  } else if (value < 128) {
    out += static_cast<char>(value);
  } else if (value <= 0xFF) {
    out += static_cast<char>(0xCC);
    big_endian(value, 1);
  } else if (value <= 0xFFFF) {
    out += static_cast<char>(0xCD);
    big_endian(value, 2);
  } else if (value <= 0xFFFF'FFFF) {
    out += static_cast<char>(0xCE);
    big_endian(value, 4);
  } else {
    out += static_cast<char>(0xCF);
    big_endian(value, 8);
  }
}

void Writer::large(std::int64_t value) {
  if (!json_) return integer(value);
  text(std::to_string(value));
}

void Writer::large(std::uint64_t value) {
  if (!json_) return integer(value);
  text(std::to_string(value));
}

void Writer::number(double value) {
  separate();
  if (json_) {
    out += number_text(value);
    return;
  }
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  out += static_cast<char>(0xCB);
  big_endian(bits, 8);
}

void Writer::text(std::string_view value) {
  if (!detail::is_utf8(value)) return refuse("is no UTF-8");
  separate();
  if (json_) {
    append_json(out, value);
    return;
  }
  if (value.size() >= 32 && value.size() <= 0xFF) {
    out += static_cast<char>(0xD9);
    big_endian(value.size(), 1);
  } else {
    head(0xA0, 0xDA, 32, value.size());
  }
  out += value;
}

void Writer::bytes(const std::byte* data, std::size_t size) {
  separate();
  if (json_) {
    out += '"';
    out += detail::to_base64(data, size);
    out += '"';
    return;
  }
  if (size <= 0xFF) {
    out += static_cast<char>(0xC4);
    big_endian(size, 1);
  } else {
    head(0, 0xC5, 0, size);
  }
  out.append(reinterpret_cast<const char*>(data), size);
}

void Writer::time(Time value) {
  const std::int64_t count = value.time_since_epoch().count();
  if (count < detail::min_time || count > detail::max_time)
    return refuse("is not in the years 0 to 9999");
  if (json_) return text(detail::time_text(count));
  std::int64_t seconds = count / 1'000'000;
  std::int64_t rest = count % 1'000'000;
  if (rest < 0) {
    rest += 1'000'000;
    --seconds;
  }
  const auto nanoseconds = static_cast<std::uint64_t>(rest) * 1000;
  // Extension -1, in the shortest of its three forms.
  if (seconds >= 0 && seconds <= 0xFFFF'FFFF && rest == 0) {
    out += "\xD6\xFF";
    big_endian(static_cast<std::uint64_t>(seconds), 4);
  } else if (seconds >= 0 && seconds < (std::int64_t{1} << 34)) {
    out += "\xD7\xFF";
    big_endian((nanoseconds << 34U) | static_cast<std::uint64_t>(seconds), 8);
  } else {
    out += "\xC7\x0C\xFF";
    big_endian(nanoseconds, 4);
    big_endian(static_cast<std::uint64_t>(seconds), 8);
  }
}

void Writer::duration(Duration value) {
  if (json_) return text(detail::duration_text(value.count()));
  integer(std::int64_t{value.count()});
}

void Writer::region(const Region& region) {
  if (!region) return refuse("is no region");
  attachments.regions.push_back(region);
  integer(std::uint64_t{attachments.regions.size() - 1});
}

void Writer::object(const Object& object) {
  if (!object) return refuse("is no object");
  attachments.objects.push_back(object);
  integer(std::uint64_t{attachments.objects.size() - 1});
}

void Writer::begin_list(std::size_t count) {
  separate();
  if (open_.size() >= detail::kMaxDepth) return refuse("is nested more than 100 deep");
  open_ += static_cast<char>(']' | 0x80);
  if (json_) {
    out += '[';
  } else {
    head(0x90, 0xDC, 16, count);
  }
}

void Writer::begin_map(std::size_t count) {
  separate();
  if (open_.size() >= detail::kMaxDepth) return refuse("is nested more than 100 deep");
  open_ += static_cast<char>('}' | 0x80);
  if (json_) {
    out += '{';
  } else {
    head(0x80, 0xDE, 16, count);
  }
}

void Writer::key(std::string_view name) {
  text(name);
  if (!json_) return;
  out += ':';
  after_key_ = true;
}

void Writer::end() {
  if (open_.empty()) return;
  if (json_) out += static_cast<char>(open_.back() & 0x7F);
  open_.pop_back();
}

void Writer::raw(std::string_view value) {
  separate();
  out += value;
}

void detail::Coder<Value>::write(Writer& out, const Value& value) {
  if (const bool* flag = value.get<bool>()) return out.boolean(*flag);
  if (const double* number = value.get<double>()) {
    if (!std::isfinite(*number)) return out.refuse("is a number that JSON cannot express");
    const bool is_integer = std::abs(*number) < 9.1e15 && *number == std::trunc(*number);
    return is_integer ? out.integer(static_cast<std::int64_t>(*number)) : out.number(*number);
  }
  if (const std::string* text = value.get<std::string>()) return out.text(*text);
  if (const Value::List* list = value.get<Value::List>())
    return Coder<Value::List>::write(out, *list);
  const Value::Map* map = value.get<Value::Map>();
  if (map == nullptr) return out.null();
  if (map->count("constructor") != 0) return out.refuse("has the key 'constructor'");
  Coder<Value::Map>::write(out, *map);
}

}  // namespace busbar::rpc
