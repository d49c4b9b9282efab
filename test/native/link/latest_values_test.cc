// Which message of a key waits, which is superseded, and which is sent next.
#include "core/link/latest_values.h"

#include <string>
#include <vector>

#include "support/check.h"

namespace busbar {
namespace {

using Latest = LatestValues<int>;

Latest::Waiting message(int number, std::size_t bytes = 8) {
  return {std::vector<std::byte>(bytes), number};
}

}  // namespace

TEST(latest_values_keeps_the_newest_of_each_key) {
  Budget budget(1U << 20U);
  Latest latest(budget);
  CHECK(latest.is_free("a", 0));
  CHECK(!latest.keep("a", message(1)));
  CHECK(!latest.keep("b", message(2, 16)));
  CHECK(!latest.is_free("a", 0));
  const auto superseded = latest.keep("a", message(3, 32));
  REQUIRE(superseded.has_value());
  CHECK_EQ(superseded->owed, 1);
  CHECK_EQ(latest.size(), 2);
  CHECK_EQ(latest.bytes(), 48);

  // In the order in which the keys started to wait.
  std::vector<int> published;
  latest.publish_free(0, [&](Latest::Waiting& waiting) {
    published.push_back(waiting.owed);
    return std::optional<std::uint64_t>(100 * published.size());
  });
  CHECK(published == std::vector<int>({3, 2}));
  CHECK(latest.empty());
  CHECK_EQ(latest.bytes(), 0);
  // Two messages are in the ring, up to positions 100 and 200.
  CHECK(!latest.is_free("a", 99));
  CHECK(latest.is_free("a", 100));
  CHECK(!latest.is_free("b", 100));
}

TEST(latest_values_waits_for_what_is_on_its_way) {
  Budget budget(1U << 20U);
  Latest latest(budget);
  latest.note_published("a", 100);
  latest.note_published("b", 50);
  CHECK(!latest.keep("a", message(1)));
  CHECK(!latest.keep("b", message(2)));
  CHECK_EQ(latest.next_position(0, 999), 50);
  CHECK(!latest.has_free(49));
  CHECK(latest.has_free(50));
  CHECK_EQ(latest.next_position(50, 999), 100);
  int offered = 0;
  // No room: both stay.
  latest.publish_free(100, [&](Latest::Waiting&) {
    ++offered;
    return std::optional<std::uint64_t>();
  });
  CHECK_EQ(offered, 1);
  CHECK_EQ(latest.size(), 2);
  CHECK_EQ(latest.next_position(100, 999), 999);
  const std::vector<Latest::Waiting> all = latest.take_all();
  REQUIRE_EQ(all.size(), 2);
  CHECK_EQ(all[0].owed, 1);
  CHECK(latest.empty());
}

TEST(latest_values_bounds_its_keys) {
  Budget budget(1U << 20U);
  Latest latest(budget);
  for (std::size_t i = 0; i < kMaxKeys; ++i) {
    CHECK(latest.has_room(std::to_string(i), 0));
    latest.note_published(std::to_string(i), i + 1);
  }
  CHECK(!latest.has_room("one more", 0));
  CHECK(latest.has_room("7", 0));
  // Removed values make room.
  CHECK(latest.has_room("one more", 1));
}

}  // namespace busbar
