// Which part of an endpoint a reactor token belongs to: the top byte says it, the rest is that
// part's own number. Membership::owns_token() recognises membership's tokens.
#pragma once

#include <cstdint>

namespace busbar {

inline constexpr std::uint64_t kTokenNumberMask = (1ULL << 56U) - 1;
inline constexpr std::uint64_t kOutboundSpace = 0x02ULL << 56U;
inline constexpr std::uint64_t kInboundSpace = 0x03ULL << 56U;

[[nodiscard]] constexpr std::uint64_t outbound_token(std::uint64_t link_id) noexcept {
  return kOutboundSpace | link_id;
}
[[nodiscard]] constexpr std::uint64_t inbound_token(std::uint32_t slot) noexcept {
  return kInboundSpace | slot;
}
[[nodiscard]] constexpr std::uint64_t token_space(std::uint64_t token) noexcept {
  return token & ~kTokenNumberMask;
}
[[nodiscard]] constexpr std::uint64_t token_number(std::uint64_t token) noexcept {
  return token & kTokenNumberMask;
}

}  // namespace busbar
