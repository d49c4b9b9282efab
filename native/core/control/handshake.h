// The handshake by which a member and its controller prove to each other that they know the bus's
// token, without sending it. The controller proves first: a process that squats on the name learns
// nothing that it could use elsewhere.
//
//   member                                    controller
//     Hello {versions, member nonce}   -->
//                                      <--    Challenge {version, controller nonce, proof}
//     checks the proof, only then
//     Announce {proof, who I am}       -->
//                                      <--    Welcome | Refuse
//
// A proof is HMAC-SHA256(token, role | member nonce | controller nonce | identifier); the role
// keeps one side's proof from being played back as the other's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/sha256.h"
#include "base/status.h"
#include "core/control/control_frame.h"
#include "platform/platform.h"

namespace busbar {

// Values that must be equal on both sides.
struct BusSecret {
  std::string identifier;
  std::string token;
};

struct NoncePair {
  Nonce member{};
  Nonce controller{};
};

[[nodiscard]] Digest controller_proof(const BusSecret& secret, const NoncePair& nonces);
[[nodiscard]] Digest member_proof(const BusSecret& secret, const NoncePair& nonces);

[[nodiscard]] Result<Nonce> draw_nonce(Platform& platform);
// Never 0.
[[nodiscard]] Result<std::uint64_t> draw_number(Platform& platform);

// The highest version that both sides speak; 0 when there is none.
[[nodiscard]] std::uint16_t common_version(const HelloFrame& hello) noexcept;

}  // namespace busbar
