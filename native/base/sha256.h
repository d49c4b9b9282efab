// SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104): for bus names and the admission token.
// Not meant for bulk data; the message path never hashes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace busbar {

using Digest = std::array<std::uint8_t, 32>;

[[nodiscard]] Digest sha256(std::span<const std::byte> message) noexcept;

// A short name for a text that is too long for a name, or has characters that a name must not have:
// the first half of the text's digest, in hexadecimal (32 characters).
[[nodiscard]] std::string short_digest(std::string_view text);

// The key may have any length; a key above 64 bytes is hashed first, as the RFC requires.
[[nodiscard]] Digest hmac_sha256(std::span<const std::byte> key,
                                 std::span<const std::byte> message) noexcept;

// Takes the same time wherever the two differ. Their lengths are not secret: unequal lengths return
// false at once.
[[nodiscard]] bool constant_time_equal(std::span<const std::uint8_t> left,
                                       std::span<const std::uint8_t> right) noexcept;

}  // namespace busbar
