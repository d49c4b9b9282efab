// Computes and compares the proofs.
#include "core/control/handshake.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/bytes.h"

namespace busbar {
namespace {

[[nodiscard]] std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

[[nodiscard]] Digest proof(std::string_view role, const BusSecret& secret,
                           const NoncePair& nonces) {
  // All fields before the identifier have a fixed length for each role, and no role is a prefix of
  // another: no two different inputs give the same message.
  std::vector<std::byte> message;
  ByteWriter out(message);
  out.bytes(bytes_of(role));
  out.bytes(std::as_bytes(std::span(nonces.member)));
  out.bytes(std::as_bytes(std::span(nonces.controller)));
  out.bytes(bytes_of(secret.identifier));
  return hmac_sha256(bytes_of(secret.token), message);
}

}  // namespace

Digest controller_proof(const BusSecret& secret, const NoncePair& nonces) {
  return proof("busbar controller", secret, nonces);
}

Digest member_proof(const BusSecret& secret, const NoncePair& nonces) {
  return proof("busbar member", secret, nonces);
}

Result<Nonce> draw_nonce(Platform& platform) {
  Nonce nonce;
  const Error drawn = platform.random(std::as_writable_bytes(std::span(nonce)));
  if (!drawn.ok()) return drawn;
  return nonce;
}

Result<std::uint64_t> draw_number(Platform& platform) {
  std::uint64_t number = 0;
  const Error drawn = platform.random(std::as_writable_bytes(std::span(&number, 1)));
  if (!drawn.ok()) return drawn;
  return std::max<std::uint64_t>(number, 1);
}

std::uint16_t common_version(const HelloFrame& hello) noexcept {
  const bool spoken = hello.version_min <= kControlVersion && kControlVersion <= hello.version_max;
  return spoken ? kControlVersion : 0;
}

}  // namespace busbar
