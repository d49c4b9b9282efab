// SHA-256 block by block, after FIPS 180-4, sections 5 and 6.2; names as in the standard.
#include "base/sha256.h"

#include <algorithm>
#include <bit>

namespace busbar {
namespace {

constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kLengthBytes = 8;

// Fractional parts of the cube roots of the first 64 primes (4.2.2).
constexpr std::array<std::uint32_t, 64> kRound = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

class Sha256 {
 public:
  void update(std::span<const std::byte> input) noexcept {
    total_bytes_ += input.size();
    while (!input.empty()) {
      const std::size_t count = std::min(input.size(), kBlockBytes - filled_);
      std::ranges::copy(input.first(count), block_.begin() + filled_);
      filled_ += count;
      input = input.subspan(count);
      if (filled_ == kBlockBytes) compress();
    }
  }

  [[nodiscard]] Digest finish() noexcept {
    const std::uint64_t bits = total_bytes_ * 8;
    block_[filled_++] = std::byte{0x80};
    if (filled_ > kBlockBytes - kLengthBytes) {
      pad_to(kBlockBytes);
      compress();
    }
    pad_to(kBlockBytes - kLengthBytes);
    for (std::size_t i = 0; i < kLengthBytes; ++i) {
      block_[filled_++] = static_cast<std::byte>(bits >> (56 - 8 * i));
    }
    compress();

    Digest digest;
    for (std::size_t i = 0; i < digest.size(); ++i) {
      digest[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
    }
    return digest;
  }

 private:
  void pad_to(std::size_t end) noexcept {
    std::fill(block_.begin() + filled_, block_.begin() + end, std::byte{0});
    filled_ = end;
  }

  void expand(std::array<std::uint32_t, 64>& w) const noexcept {
    for (std::size_t t = 0; t < 16; ++t) {
      w[t] = std::to_integer<std::uint32_t>(block_[4 * t]) << 24 |
             std::to_integer<std::uint32_t>(block_[4 * t + 1]) << 16 |
             std::to_integer<std::uint32_t>(block_[4 * t + 2]) << 8 |
             std::to_integer<std::uint32_t>(block_[4 * t + 3]);
    }
    for (std::size_t t = 16; t < 64; ++t) {
      const std::uint32_t s0 =
          std::rotr(w[t - 15], 7) ^ std::rotr(w[t - 15], 18) ^ (w[t - 15] >> 3);
      const std::uint32_t s1 = std::rotr(w[t - 2], 17) ^ std::rotr(w[t - 2], 19) ^ (w[t - 2] >> 10);
      w[t] = s1 + w[t - 7] + s0 + w[t - 16];
    }
  }

  void compress() noexcept {
    std::array<std::uint32_t, 64> w;
    expand(w);
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t t = 0; t < 64; ++t) {
      const std::uint32_t sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
      const std::uint32_t choice = (e & f) ^ (~e & g);
      const std::uint32_t t1 = h + sum1 + choice + kRound[t] + w[t];
      const std::uint32_t sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
      const std::uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
      const std::uint32_t t2 = sum0 + majority;
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
    }
    const std::array<std::uint32_t, 8> mixed = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < state_.size(); ++i) state_[i] += mixed[i];
    filled_ = 0;
  }

  // Fractional parts of the square roots of the first eight primes (5.3.3).
  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, kBlockBytes> block_{};
  std::size_t filled_ = 0;
  std::uint64_t total_bytes_ = 0;
};

using Block = std::array<std::byte, kBlockBytes>;

Block hmac_key_block(std::span<const std::byte> key) noexcept {
  Block block{};
  if (key.size() <= kBlockBytes) {
    std::ranges::copy(key, block.begin());
    return block;
  }
  const Digest digest = sha256(key);
  std::ranges::copy(std::as_bytes(std::span(digest)), block.begin());
  return block;
}

Digest hmac_pass(Block key, std::byte pad, std::span<const std::byte> message) noexcept {
  for (std::byte& value : key) value ^= pad;
  Sha256 hash;
  hash.update(key);
  hash.update(message);
  return hash.finish();
}

}  // namespace

Digest sha256(std::span<const std::byte> message) noexcept {
  Sha256 hash;
  hash.update(message);
  return hash.finish();
}

std::string short_digest(std::string_view text) {
  const Digest digest = sha256(std::as_bytes(std::span(text)));
  std::string name;
  for (const std::uint8_t byte : std::span(digest).first(digest.size() / 2)) {
    name += "0123456789abcdef"[byte >> 4U];
    name += "0123456789abcdef"[byte & 15U];
  }
  return name;
}

Digest hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> message) noexcept {
  const Block block = hmac_key_block(key);
  const Digest inner = hmac_pass(block, std::byte{0x36}, message);
  return hmac_pass(block, std::byte{0x5c}, std::as_bytes(std::span(inner)));
}

bool constant_time_equal(std::span<const std::uint8_t> left,
                         std::span<const std::uint8_t> right) noexcept {
  if (left.size() != right.size()) return false;
  // volatile: otherwise the compiler may leave the loop at the first difference.
  volatile std::uint8_t difference = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    difference = static_cast<std::uint8_t>(difference | (left[i] ^ right[i]));
  }
  return difference == 0;
}

}  // namespace busbar
