// UTF-8, base64, and the texts of times and durations in JSON.
#ifndef BUSBAR_RPC_TEXT_H
#define BUSBAR_RPC_TEXT_H

#include <string>
#include <string_view>

#include "busbar/codec.hpp"

namespace busbar::rpc::detail {

// The deepest nesting of lists and maps in a value.
constexpr std::size_t kMaxDepth = 100;

// The first bytes of the text that are whole characters: all of it, if it is UTF-8.
[[nodiscard]] std::size_t utf8_prefix(std::string_view text) noexcept;
[[nodiscard]] inline bool is_utf8(std::string_view text) noexcept {
  return utf8_prefix(text) == text.size();
}

[[nodiscard]] std::string to_base64(const std::byte* data, std::size_t size);
[[nodiscard]] bool from_base64(std::string_view text, ByteArray& bytes);

// The years 0 to 9999, as microseconds since 1970.
constexpr std::int64_t min_time = -62'167'219'200'000'000;
constexpr std::int64_t max_time = 253'402'300'799'999'999;

// RFC 3339, with milliseconds, or microseconds if there are any.
[[nodiscard]] std::string time_text(std::int64_t microseconds);
[[nodiscard]] bool parse_time(std::string_view text, std::int64_t& microseconds);

// ISO 8601, such as PT1.5S.
[[nodiscard]] std::string duration_text(std::int64_t nanoseconds);
[[nodiscard]] bool parse_duration(std::string_view text, std::int64_t& nanoseconds);

}  // namespace busbar::rpc::detail

#endif
