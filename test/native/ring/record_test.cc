// Records and their extensions: written records are read back, hostile records are refused.
#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "base/limits.h"
#include "core/ring/record.h"
#include "support/check.h"

namespace busbar::test {
namespace {

std::vector<std::byte> written(const OutgoingMessage& message) {
  std::vector<std::byte> record(record_bytes(message));
  write_record(message, record.data());
  return record;
}

}  // namespace

TEST(record_comes_back_with_every_extension) {
  const std::vector<std::byte> payload(33, std::byte{9});
  const std::vector<std::byte> origin(21, std::byte{3});
  OutgoingMessage message;
  message.type.bytes[0] = 0xAB;
  message.format = 7;
  message.flags = record_flag::kUnicast | record_flag::kWantsHandled;
  message.route = 12;
  message.id = 99;
  message.payload = payload;
  message.extensions.reply_to = 5;
  message.extensions.expires_at_ms = 123456789;
  message.extensions.spill = SpillReference{1, 2, 3};
  message.extensions.origin = origin;
  const std::vector<std::byte> record = written(message);
  const auto parsed = parse_record(record);
  REQUIRE(parsed.has_value());
  CHECK(parsed->header.type == message.type);
  CHECK_EQ(parsed->header.format, 7);
  CHECK_EQ(parsed->header.flags, message.flags);
  CHECK_EQ(parsed->header.route, 12);
  CHECK_EQ(parsed->header.id, 99);
  CHECK_EQ(parsed->payload.size(), payload.size());
  CHECK(std::memcmp(parsed->payload.data(), payload.data(), payload.size()) == 0);
  CHECK_EQ(parsed->extensions.reply_to.value_or(0), 5);
  CHECK_EQ(parsed->extensions.expires_at_ms.value_or(0), 123456789);
  REQUIRE(parsed->extensions.spill.has_value());
  CHECK_EQ(parsed->extensions.spill->bytes, 3);
  // Padded with zeros to whole words.
  REQUIRE_EQ(parsed->extensions.origin.size(), 24);
  CHECK(std::memcmp(parsed->extensions.origin.data(), origin.data(), origin.size()) == 0);
}

TEST(record_metadata_comes_back_byte_for_byte) {
  for (std::size_t length = 0; length <= kMaxMetadataBytes; ++length) {
    const std::vector<std::byte> metadata(length, std::byte{5});
    const std::vector<std::byte> payload(3, std::byte{9});
    OutgoingMessage message;
    message.payload = payload;
    message.extensions.metadata = metadata;
    const std::vector<std::byte> record = written(message);
    const auto parsed = parse_record(record);
    REQUIRE(parsed.has_value());
    CHECK_EQ(parsed->extensions.metadata.size(), length);
    CHECK(std::ranges::equal(parsed->extensions.metadata, metadata));
    CHECK(std::ranges::equal(parsed->payload, payload));
  }
  const std::vector<std::byte> much(kMaxMetadataBytes + 1);
  OutgoingMessage message;
  message.extensions.metadata = much;
  const auto parsed = parse_record(written(message));
  REQUIRE(parsed.has_value());
  CHECK(parsed->extensions.metadata.empty());
}

TEST(record_metadata_that_lies_about_its_length_is_refused) {
  const auto accepted = [](std::uint16_t words, std::uint32_t bytes) {
    std::vector<std::byte> extension(8 + std::size_t{words} * 8);
    const ExtensionHeader header{ExtensionKind::Metadata, words, bytes};
    std::memcpy(extension.data(), &header, sizeof header);
    Extensions extensions;
    return read_extensions(extension, extensions);
  };
  for (std::uint16_t words = 0; words <= 40; ++words) {
    for (const std::uint32_t bytes : {0U, 1U, 7U, 8U, 9U, 239U, 240U, 241U, 248U, 255U, 256U,
                                      0x7FFF'FFFFU, 0xFFFF'FFF8U, 0xFFFF'FFFFU}) {
      const bool fits = bytes >= 1 && bytes <= 240 && (bytes + 7) / 8 == words;
      CHECK_EQ(accepted(words, bytes), fits);
    }
  }
  // More than there is.
  std::vector<std::byte> extension(16);
  const ExtensionHeader header{ExtensionKind::Metadata, 2, 16};
  std::memcpy(extension.data(), &header, sizeof header);
  Extensions extensions;
  CHECK(!read_extensions(extension, extensions));
}

// Their length is one byte: longer extensions would make the receiver disconnect an honest sender.
TEST(record_extensions_never_overflow_their_count) {
  const std::vector<std::byte> metadata(kMaxMetadataBytes, std::byte{4});
  for (const std::size_t length : {kMaxRecordOrigin, kMaxRecordOrigin + 1, std::size_t{60'000}}) {
    const std::vector<std::byte> origin(length, std::byte{3});
    OutgoingMessage message;
    message.extensions.reply_to = 5;
    message.extensions.expires_at_ms = 6;
    message.extensions.spill = SpillReference{1, 2, 3};
    message.extensions.origin = origin;
    message.extensions.metadata = metadata;
    const std::vector<std::byte> record = written(message);
    const auto parsed = parse_record(record);
    REQUIRE(parsed.has_value());
    CHECK_EQ(parsed->extensions.origin.size(), length == kMaxRecordOrigin ? length : 0);
    CHECK_EQ(parsed->extensions.metadata.size(), kMaxMetadataBytes);
    CHECK_EQ(parsed->extensions.reply_to.value_or(0), 5);
  }
  OutgoingMessage full;
  const std::vector<std::byte> most(kMaxMentions * sizeof(RegionMention));
  full.extensions = {.reply_to = 5,
                     .expires_at_ms = 6,
                     .spill = SpillReference{1, 2, 3},
                     .origin = {},
                     .regions = most,
                     .metadata = metadata};
  const std::vector<std::byte> record = written(full);
  const auto whole = parse_record(record);
  REQUIRE(whole.has_value());
  CHECK_EQ(whole->extensions.region_count(), kMaxMentions);
  CHECK_EQ(whole->extensions.metadata.size(), kMaxMetadataBytes);

  const std::vector<std::byte> regions((kMaxMentions + 1) * sizeof(RegionMention));
  OutgoingMessage message;
  message.extensions.regions = regions;
  const auto parsed = parse_record(written(message));
  REQUIRE(parsed.has_value());
  CHECK_EQ(parsed->header.region_count, 0);
  CHECK(parsed->extensions.regions.empty());
}

TEST(record_of_a_simple_message_is_the_same_both_ways) {
  const std::vector<std::byte> payload(64, std::byte{1});
  const std::vector<std::byte> bytes(kMaxMetadataBytes, std::byte{2});
  for (const std::uint64_t reply_to : {0, 7}) {
    for (const std::size_t length : {0, 1, 7, 8, 9, 240}) {
      OutgoingMessage message;
      message.id = 3;
      message.payload = payload;
      const auto metadata = std::span(bytes).first(length);
      const SimpleMessage simple{message, reply_to, metadata};
      if (reply_to != 0) message.extensions.reply_to = reply_to;
      message.extensions.metadata = metadata;
      const std::vector<std::byte> record = written(message);
      REQUIRE_EQ(record.size(), record_bytes(simple));
      std::vector<std::byte> plain(record.size());
      write_simple_record(simple, plain.data());
      CHECK(record == plain);
    }
  }
}

TEST(record_extension_of_a_later_version_is_skipped) {
  std::vector<std::byte> bytes(16 + 16);
  const ExtensionHeader later{static_cast<ExtensionKind>(900), 1, 0};
  const ExtensionHeader reply{ExtensionKind::ReplyTo, 1, 0};
  const std::uint64_t id = 44;
  std::memcpy(bytes.data(), &later, 8);
  std::memcpy(bytes.data() + 16, &reply, 8);
  std::memcpy(bytes.data() + 24, &id, 8);
  Extensions extensions;
  REQUIRE(read_extensions(bytes, extensions));
  CHECK_EQ(extensions.reply_to.value_or(0), 44);
}

TEST(record_whose_numbers_do_not_fit_is_refused) {
  OutgoingMessage message;
  message.extensions.reply_to = 1;
  const std::vector<std::byte> good = written(message);
  REQUIRE(parse_record(good).has_value());
  const auto refused = [&good](auto change) {
    std::vector<std::byte> bad = good;
    RecordHeader header;
    std::memcpy(&header, bad.data(), sizeof header);
    change(header);
    std::memcpy(bad.data(), &header, sizeof header);
    return !parse_record(bad).has_value();
  };
  CHECK(refused([](RecordHeader& header) { header.bytes += 8; }));
  CHECK(refused([](RecordHeader& header) { header.bytes = 0xFFFFFFFF; }));
  CHECK(refused([](RecordHeader& header) { header.extension_words = 255; }));
  CHECK(refused([](RecordHeader& header) { header.payload_bytes = 0xFFFFFFFF; }));
  CHECK(refused([](RecordHeader& header) { header.kind = RecordKind::Pad; }));
  CHECK(refused([](RecordHeader& header) { header.kind = static_cast<RecordKind>(0); }));
  CHECK(!parse_record(std::span(good).first(20)).has_value());
}

TEST(record_random_bytes_never_lead_outside) {
  std::mt19937 random(5);
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::byte> bytes(random() % 200);
    for (std::byte& each : bytes)
      each = static_cast<std::byte>(random() % (round % 2 == 0 ? 4 : 256));
    const auto parsed = parse_record(bytes);
    if (!parsed) continue;
    CHECK(parsed->payload.empty() ||
          parsed->payload.data() + parsed->payload.size() <= bytes.data() + bytes.size());
  }
}

}  // namespace busbar::test
