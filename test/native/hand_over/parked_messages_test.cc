// Messages that wait, and how they are handed over.
#include "core/hand_over/parked_messages.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "core/hand_over/hand_over.h"
#include "core/ring/origin.h"
#include "support/check.h"

namespace busbar::test {
namespace {

ParkedMessage message(std::uint64_t id, std::size_t bytes) {
  // Matches every endpoint.
  constexpr std::array<std::byte, 1> kTrue{std::byte{1}};
  ParkedMessage made{id,        SelectorProgram::create(kTrue).take(),
                     true,      false,
                     1000 + id, {},
                     0,         0,
                     0,         false,
                     {},        {},
                     {},        {},
                     {},        {}};
  made.payload.assign(bytes, static_cast<std::byte>(id));
  return made;
}

std::optional<std::vector<ParkedMessage>> handed_over(ParkedMessages& parked) {
  HandOverWriter writer;
  parked.hand_over({}, writer);
  return HandOverReader::read_all(writer.take().front().bytes);
}

}  // namespace

TEST(parked_messages_go_in_portions) {
  constexpr std::size_t kLarge = 30U << 20U;
  Budget budget(1U << 30U);
  ParkedMessages parked(100, 1U << 30U, budget);
  for (const std::uint64_t id : {1, 2, 3, 4}) parked.park(message(id, kLarge));
  parked.park(message(5, kMaxHandOverBytes));
  parked.park(message(6, 10));
  ParkedMessage with_regions = message(7, 10);
  with_regions.memory = std::make_shared<RegionBundle>(std::vector<RegionRange>{});
  parked.park(std::move(with_regions));

  HandOverWriter writer;
  parked.hand_over({}, writer);
  const std::vector<HandOver> portions = writer.take();
  REQUIRE_EQ(portions.size(), 2);
  std::uint64_t expected = 1;
  for (const HandOver& portion : portions) {
    CHECK(portion.bytes.size() <= kMaxHandOverBytes);
    const auto messages = HandOverReader::read_all(portion.bytes);
    REQUIRE(messages.has_value());
    CHECK_EQ(messages->size(), portion.messages);
    for (const ParkedMessage& each : *messages) {
      CHECK_EQ(each.expires_at_ms, 1000 + expected);
      CHECK_EQ(each.payload.size(), expected < 5 ? kLarge : 10);
      CHECK(each.payload.front() == static_cast<std::byte>(expected));
      expected += expected == 4 ? 2 : 1;
    }
  }
  // One is larger than a portion, one has regions.
  CHECK_EQ(parked.size(), 2);
  CHECK_EQ(parked.next_expiry_ms().value_or(0), 1005);
}

// Receivers trust the controller's origins: it passes on valid origins only, byte for byte as they
// were encoded.
TEST(parked_messages_bring_origins_or_are_refused) {
  const std::string_view strings[] = {"gone", "sender"};
  const Origin known{77, 88, Label::create(strings).take()};
  const auto decoded = [](std::vector<std::byte> origin, std::uint64_t expiry) {
    ParkedMessage made = message(1, 3);
    made.expires_at_ms = expiry;
    made.origin = std::move(origin);
    Budget budget(1U << 20U);
    ParkedMessages parked(1, 1U << 20U, budget);
    parked.park(std::move(made));
    return handed_over(parked);
  };
  std::vector<std::byte> origin = encode(known);
  const auto good = decoded(origin, 1000);
  REQUIRE(good.has_value());
  CHECK(good->front().origin == origin);
  origin.resize(origin.size() + 8);
  const auto padded = decoded(origin, 1000);
  REQUIRE(padded.has_value());
  CHECK(padded->front().origin == encode(known));

  // The length of its label, at its limits and beyond.
  const std::vector<std::byte> label(known.label.encoded().begin(), known.label.encoded().end());
  for (const std::uint32_t length : {0U, 4U, 1024U, 1025U, 0x7FFF'FFFFU, 0xFFFF'FFFFU}) {
    std::vector<std::byte> wrong;
    ByteWriter writer(wrong);
    writer.u64(1);
    writer.u32(2);
    writer.u32(length);
    writer.bytes(label);
    CHECK_EQ(decoded(wrong, 1000).has_value(), length == 0);
  }
  // The last one is longer than everything that may precede a payload.
  for (const std::size_t length : {1U, 15U, 16U, 65'535U}) {
    const auto messages = decoded(std::vector<std::byte>(length, std::byte{0}), 1000);
    CHECK_EQ(messages.has_value(), length == 16);
    if (messages) CHECK_EQ(messages->front().origin.size(), 16);
  }
}

TEST(parked_messages_keep_number_and_metadata) {
  Budget budget(1U << 20U);
  ParkedMessages parked(300, 1U << 20U, budget);
  for (std::uint64_t id = 1; id <= kMaxMetadataBytes + 1; ++id) {
    ParkedMessage made = message(id, 3);
    made.metadata.assign(id - 1, static_cast<std::byte>(id));
    parked.park(std::move(made));
  }
  const auto messages = handed_over(parked);
  REQUIRE(messages.has_value());
  std::uint64_t id = 0;
  for (const ParkedMessage& each : *messages) {
    ++id;
    CHECK_EQ(each.id, id);
    CHECK(each.metadata == std::vector<std::byte>(id - 1, static_cast<std::byte>(id)));
    CHECK_EQ(each.payload.size(), 3);
  }
  CHECK_EQ(id, kMaxMetadataBytes + 1);
}

TEST(parked_messages_with_too_much_metadata_are_refused) {
  for (const std::size_t length : {240U, 241U, 255U}) {
    Budget budget(1U << 20U);
    ParkedMessages parked(1, 1U << 20U, budget);
    ParkedMessage made = message(1, 3);
    made.metadata.resize(length);
    parked.park(std::move(made));
    CHECK_EQ(handed_over(parked).has_value(), length == 240);
  }
}

// Their numbers are those of their senders, and say nothing about the order here.
TEST(parked_messages_of_others_leave_the_own_in_order) {
  Budget budget(1U << 20U);
  ParkedMessages parked(100, 1U << 20U, budget);
  std::vector<std::uint64_t> own;
  std::vector<std::uint64_t> others;
  for (const std::uint64_t id : {8, 3, 9, 2, 7, 1}) {
    ParkedMessage other = message(100 - id, 1);
    other.origin = encode(Origin{77, 88, {}});
    parked.park(std::move(other));
    parked.park(message(id, 1));
  }
  (void)parked.remove_if([&](const ParkedMessage& each) {
    (each.origin.empty() ? own : others).push_back(each.id);
    return true;
  });
  CHECK(own == std::vector<std::uint64_t>({1, 2, 3, 7, 8, 9}));
  CHECK(others == std::vector<std::uint64_t>({92, 97, 91, 98, 93, 99}));
}

TEST(parked_messages_expire_while_there_is_a_clock) {
  for (const std::uint64_t expiry :
       {kLatestExpiryMs, kLatestExpiryMs + 1, std::uint64_t{1} << 63U, ~std::uint64_t{0}}) {
    Budget budget(1U << 20U);
    ParkedMessages parked(1, 1U << 20U, budget);
    ParkedMessage made = message(1, 3);
    made.expires_at_ms = expiry;
    parked.park(std::move(made));
    const auto messages = handed_over(parked);
    CHECK_EQ(messages.has_value(), expiry <= kLatestExpiryMs);
  }
  const TimePoint latest{std::chrono::milliseconds(kLatestExpiryMs)};
  CHECK(latest > TimePoint() + std::chrono::hours(24 * 365 * 100));
}

}  // namespace busbar::test
