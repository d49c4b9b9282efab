// Messages that wait, as they are handed over.
#include "core/parked_messages.h"

#include <array>
#include <utility>

#include "check.h"

namespace busbar::test {
namespace {

ParkedMessage message(std::uint64_t id, std::size_t bytes) {
  // Everybody.
  constexpr std::array<std::byte, 1> kTrue{std::byte{1}};
  ParkedMessage made{id,        SelectorProgram::create(kTrue).take(),
                     true,      false,
                     1000 + id, {},
                     0,         0,
                     0,         false,
                     {},        {},
                     {},        {},
                     {}};
  made.payload.assign(bytes, static_cast<std::byte>(id));
  return made;
}

}  // namespace

TEST(parked_messages_go_in_portions) {
  constexpr std::size_t kLarge = 30U << 20U;
  Budget budget(1U << 30U);
  ParkedMessages parked(100, 1U << 30U, budget);
  for (const std::uint64_t id : {1, 2, 3, 4}) parked.park(message(id, kLarge));
  parked.park(message(5, kMostHandOverBytes));
  parked.park(message(6, 10));
  ParkedMessage with_regions = message(7, 10);
  with_regions.memory = std::make_shared<RegionBundle>(std::vector<RegionRange>{});
  parked.park(std::move(with_regions));

  const std::vector<HandOver> portions = parked.take_hand_overs({});
  REQUIRE_EQ(portions.size(), 2);
  std::uint64_t expected = 1;
  for (const HandOver& portion : portions) {
    CHECK(portion.bytes.size() <= kMostHandOverBytes);
    const auto messages = ParkedMessages::decode_all(portion.bytes);
    REQUIRE(messages.has_value());
    CHECK_EQ(messages->size(), portion.messages);
    for (const ParkedMessage& each : *messages) {
      CHECK_EQ(each.expires_at_ms, 1000 + expected);
      CHECK_EQ(each.payload.size(), expected < 5 ? kLarge : 10);
      CHECK(each.payload.front() == static_cast<std::byte>(expected));
      expected += expected == 4 ? 2 : 1;
    }
  }
  // Larger than a portion; with regions.
  CHECK_EQ(parked.size(), 2);
  CHECK_EQ(parked.next_expiry_ms().value_or(0), 1005);
}

}  // namespace busbar::test
