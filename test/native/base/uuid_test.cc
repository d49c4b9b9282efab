// Uuid as a key of hash tables.
#include "base/uuid.h"

#include <unordered_set>

#include "support/check.h"

namespace busbar {
namespace {

TEST(uuids_are_equal_when_all_bytes_are) {
  const Uuid zero;
  for (std::size_t i = 0; i < zero.bytes.size(); ++i) {
    Uuid other;
    other.bytes[i] = 1;
    CHECK(other != zero);
    other.bytes[i] = 0;
    CHECK(other == zero);
  }
}

TEST(uuids_counted_up_do_not_share_buckets) {
  std::unordered_set<std::size_t> low_bits;
  for (std::size_t i = 0; i < 16; ++i) {
    Uuid uuid;
    for (int value = 0; value < 64; ++value) {
      uuid.bytes[i] = static_cast<std::uint8_t>(value);
      low_bits.insert(std::hash<Uuid>{}(uuid) % 65536);
    }
  }
  // Of 16 * 63 + 1 different ids; random bits would give about 1,001.
  CHECK(low_bits.size() > 900);
}

}  // namespace
}  // namespace busbar
