// SHA-256 against NIST's examples, HMAC-SHA-256 against RFC 4231.
#include "base/sha256.h"

#include <string>
#include <string_view>
#include <vector>

#include "support/check.h"

namespace busbar {
namespace {

std::span<const std::byte> input_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

std::string hex(const Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string sha256_hex(std::string_view message) { return hex(sha256(input_of(message))); }

std::string hmac_hex(std::string_view key, std::string_view message) {
  return hex(hmac_sha256(input_of(key), input_of(message)));
}

TEST(sha256_gives_the_digests_of_nist) {
  CHECK_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
           "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK_EQ(sha256_hex("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                      "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"),
           "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  CHECK_EQ(sha256_hex(std::string(1'000'000, 'a')),
           "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// The lengths at which the padding starts a new block.
TEST(sha256_pads_across_blocks) {
  CHECK_EQ(sha256_hex(std::string(55, 'a')),
           "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
  CHECK_EQ(sha256_hex(std::string(56, 'a')),
           "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a");
  CHECK_EQ(sha256_hex(std::string(63, 'a')),
           "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34");
  CHECK_EQ(sha256_hex(std::string(64, 'a')),
           "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
}

TEST(hmac_sha256_gives_the_digests_of_rfc_4231) {
  CHECK_EQ(hmac_hex(std::string(20, '\x0b'), "Hi There"),
           "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK_EQ(hmac_hex("Jefe", "what do ya want for nothing?"),
           "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK_EQ(hmac_hex(std::string(20, '\xaa'), std::string(50, '\xdd')),
           "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  std::string counting;
  for (char c = 1; c <= 25; ++c) counting += c;
  CHECK_EQ(hmac_hex(counting, std::string(50, '\xcd')),
           "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  CHECK_EQ(
      hmac_hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  CHECK_EQ(
      hmac_hex(std::string(131, '\xaa'),
               "This is a test using a larger than block-size key and a larger than block-size "
               "data. The key needs to be hashed before being used by the HMAC algorithm."),
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST(short_digest_is_the_first_half_in_hexadecimal) {
  CHECK_EQ(short_digest("abc"), "ba7816bf8f01cfea414140de5dae2223");
  CHECK_EQ(short_digest("abc"), sha256_hex("abc").substr(0, 32));
}

TEST(constant_time_equal_compares_every_byte) {
  Digest left = sha256(input_of("token"));
  const Digest right = left;
  CHECK(constant_time_equal(left, right));
  for (std::uint8_t& byte : left) {
    byte ^= 0x80;
    CHECK(!constant_time_equal(left, right));
    byte ^= 0x80;
  }
  CHECK(!constant_time_equal(left, std::span(right).first(31)));
  CHECK(constant_time_equal({}, {}));
}

}  // namespace
}  // namespace busbar
