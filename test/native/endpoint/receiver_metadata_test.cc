// Metadata at its reader, from a peer that writes its records by hand: what is true arrives, what
// lies closes this link and no other one.
#include <algorithm>
#include <cstring>
#include <vector>

#include "endpoint/receiver_crowd.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::size_t kSlabBytes = 64U << 10U;

// A message with one extension of `words` units, said to be metadata of `bytes` bytes.
void write_claim(HandMade& link, std::uint16_t words, std::uint32_t bytes,
                 std::uint32_t payload = 8) {
  const auto extra = static_cast<std::uint32_t>(sizeof(ExtensionHeader)) + words * 8U;
  RecordHeader header;
  header.id = 1;
  header.extension_words = static_cast<std::uint8_t>(extra / 8);
  header.payload_bytes = payload;
  header.bytes = static_cast<std::uint32_t>(sizeof header) + extra + payload;
  const ExtensionHeader extension{ExtensionKind::Metadata, words, bytes};
  std::byte* place = link.producer->reserve(header.bytes);
  if (!CHECK(place != nullptr)) return;
  std::memset(place, 0x5A, header.bytes);
  std::memcpy(place, &header, sizeof header);
  std::memcpy(place + sizeof header, &extension, sizeof extension);
  (void)link.producer->commit(header.bytes);
  link.producer->publish();
}

// The metadata of the only message that there is; nullopt if there is none.
std::optional<std::vector<std::byte>> received(Crowd& crowd) {
  std::vector<std::byte> slab(kSlabBytes);
  std::vector<ReceivedMessage> messages(4);
  ReceiveBatch batch{.slab = slab, .messages = messages};
  (void)crowd.receiver.sleep();
  crowd.receiver.receive(batch);
  if (batch.count == 0) return std::nullopt;
  CHECK_EQ(batch.count, 1);
  const ReceivedMessage& message = messages.front();
  const std::size_t place = message.offset + padded(message.payload_bytes);
  if (!CHECK(place + message.metadata_bytes <= slab.size())) return std::nullopt;
  const auto metadata = std::span(slab).subspan(place, message.metadata_bytes);
  crowd.receiver.taken(0, std::span(messages).first(1));
  return std::vector<std::byte>(metadata.begin(), metadata.end());
}

std::optional<std::size_t> borrowed_bytes(Crowd& crowd) {
  ReceivedMessage message;
  std::span<const std::byte> payload;
  (void)crowd.receiver.sleep();
  if (!crowd.receiver.borrow(message, payload)) return std::nullopt;
  const std::size_t bytes = crowd.receiver.last_metadata().size();
  CHECK_EQ(bytes, message.metadata_bytes);
  crowd.receiver.return_borrowed();
  return bytes;
}

constexpr std::uint32_t kClaims[] = {
    0, 1, 8, 9, 64, 65, 239, 240, 241, 248, 255, 256, 0x8000'0000U, 0xFFFF'FFF9U, 0xFFFF'FFFFU};

}  // namespace

TEST(receiver_believes_metadata_of_the_length_that_it_has) {
  for (const bool borrows : {false, true}) {
    for (std::uint16_t words = 0; words <= 40; ++words) {
      for (const std::uint32_t bytes : kClaims) {
        Crowd crowd;
        HandMade links[2];
        REQUIRE(crowd.attach(links[0]).ok());
        REQUIRE(crowd.attach(links[1], 103).ok());
        write_claim(links[0], words, bytes);
        const bool fits = bytes >= 1 && bytes <= kMaxMetadataBytes && padded(bytes) == words * 8U;
        if (borrows) {
          CHECK_EQ(borrowed_bytes(crowd).value_or(0), fits ? bytes : 0);
        } else {
          const auto metadata = received(crowd);
          CHECK_EQ(metadata.has_value(), fits);
          CHECK(!metadata || *metadata == std::vector<std::byte>(bytes, std::byte{0x5A}));
        }
        CHECK_EQ(crowd.violations.size(), fits ? 0 : 1);
        CHECK_EQ(crowd.closed.size(), fits ? 0 : 1);
        // The other link goes on.
        write_claim(links[1], 1, 8);
        const auto other = received(crowd);
        CHECK(other.has_value() && other->size() == 8);
      }
    }
  }
}

// A place in the table that a message with metadata had is that of one without any next.
TEST(receiver_has_no_metadata_left_over) {
  Crowd crowd;
  HandMade link;
  REQUIRE(crowd.attach(link).ok());
  write_claim(link, 30, 240);
  CHECK_EQ(received(crowd).value_or(std::vector<std::byte>()).size(), 240);
  const OutgoingMessage message;
  const auto bytes = static_cast<std::uint32_t>(record_bytes(message));
  write_record(message, link.producer->reserve(bytes));
  (void)link.producer->commit(bytes);
  link.producer->publish();
  const auto metadata = received(crowd);
  CHECK(metadata.has_value() && metadata->empty());
  CHECK(crowd.violations.empty());
}

// Payloads of every size up to the slab's end: payload, metadata and padding fit, or wait.
TEST(receiver_fills_a_slab_with_metadata_to_its_end) {
  Crowd crowd;
  HandMade link;
  REQUIRE(crowd.attach(link).ok());
  std::vector<std::byte> slab(kSlabBytes + 64, std::byte{0xEE});
  const auto usable = std::span(slab).first(kSlabBytes);
  std::vector<ReceivedMessage> messages(1024);
  std::size_t sent = 0;
  std::size_t got = 0;
  for (std::uint32_t round = 0; round < 400; ++round) {
    for (std::uint32_t i = 0; i < 12; ++i, ++sent) write_claim(link, 30, 240, (sent * 7) % 64);
    (void)crowd.receiver.sleep();
    (void)link.producer->refresh_head();
    ReceiveBatch batch{.slab = usable.last(4000 + round), .messages = messages};
    // So small a slab is not used otherwise, but shows its end.
    crowd.receiver.receive(batch);
    got += batch.count;
    for (const ReceivedMessage& message : std::span(messages).first(batch.count)) {
      CHECK_EQ(message.metadata_bytes, 240);
      CHECK(message.offset + padded(message.payload_bytes) + 240 <= batch.slab.size());
    }
    crowd.receiver.taken(0, std::span(messages).first(batch.count));
    (void)link.producer->refresh_head();
    while (got < sent) {
      ReceiveBatch rest{.slab = usable, .messages = messages};
      crowd.receiver.receive(rest);
      if (!CHECK(rest.count != 0)) return;
      got += rest.count;
      crowd.receiver.taken(0, std::span(messages).first(rest.count));
    }
    (void)link.producer->refresh_head();
  }
  CHECK(std::all_of(slab.end() - 64, slab.end(),
                    [](std::byte each) { return each == std::byte{0xEE}; }));
  CHECK(crowd.violations.empty());
}

}  // namespace busbar::test
