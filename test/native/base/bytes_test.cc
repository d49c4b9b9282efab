// ByteReader and ByteWriter: one reads what the other wrote, and no byte outside is ever read.
#include "base/bytes.h"

#include <array>

#include "support/check.h"

namespace busbar {
namespace {

TEST(bytes_are_written_little_endian) {
  std::vector<std::byte> target{std::byte{0xff}};
  ByteWriter writer(target);
  writer.u8(0x01);
  writer.u16(0x0302);
  writer.u32(0x07060504);
  writer.u64(0x0f0e0d0c0b0a0908);
  writer.bytes(std::array{std::byte{0x10}});
  CHECK_EQ(target.size(), 17u);
  CHECK(target[0] == std::byte{0xff});
  for (std::size_t i = 1; i < target.size(); ++i) CHECK(target[i] == static_cast<std::byte>(i));
}

TEST(bytes_are_read_back) {
  std::vector<std::byte> target;
  ByteWriter writer(target);
  writer.u8(0xff);
  writer.u16(0xfffe);
  writer.u32(0xfffffffd);
  writer.u64(0xfffffffffffffffc);
  writer.bytes(std::array{std::byte{1}, std::byte{2}});

  ByteReader reader(target);
  CHECK_EQ(reader.u8(), 0xffu);
  CHECK_EQ(reader.u16(), 0xfffeu);
  CHECK_EQ(reader.u32(), 0xfffffffdu);
  CHECK_EQ(reader.u64(), 0xfffffffffffffffcu);
  CHECK(!reader.finished());
  CHECK_EQ(reader.remaining(), 2u);
  CHECK_EQ(reader.bytes(1).data(), target.data() + 15);
  CHECK_EQ(reader.rest().size(), 1u);
  CHECK(reader.finished());
}

TEST(a_read_beyond_the_end_fails_for_good) {
  const std::array source{std::byte{1}, std::byte{2}, std::byte{3}};
  ByteReader reader(source);
  CHECK_EQ(reader.u32(), 0u);
  CHECK(!reader.ok());
  CHECK_EQ(reader.remaining(), 0u);
  CHECK_EQ(reader.u8(), 0u);
  CHECK(reader.bytes(1).empty());
  CHECK(reader.bytes(0).empty());
  CHECK(!reader.ok());
  CHECK(!reader.finished());
}

TEST(a_hostile_length_is_refused) {
  const std::array source{std::byte{1}, std::byte{2}};
  ByteReader reader(source);
  CHECK_EQ(reader.u8(), 1u);
  CHECK(reader.bytes(SIZE_MAX).empty());
  CHECK(!reader.ok());
}

TEST(nothing_can_be_read_from_nothing) {
  ByteReader reader({});
  CHECK(reader.finished());
  CHECK(reader.bytes(0).empty());
  CHECK(reader.ok());
  CHECK_EQ(reader.u64(), 0u);
  CHECK(!reader.ok());
}

}  // namespace
}  // namespace busbar
