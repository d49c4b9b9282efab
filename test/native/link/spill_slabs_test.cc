// Payloads that share a spill: side by side, in memory that is filled again once nobody needs it,
// within the budget.
#include <vector>

#include "core/link/spill_pool.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::uint64_t kSlabBudget = 3 * SpillSlabs::kSlabBytes;
constexpr std::size_t kSharedPayload = SpillSlabs::kMaxPayload;
constexpr std::size_t kSharedPayloads = SpillSlabs::kSlabBytes / kSharedPayload;

struct Slabs {
  Budget budget{kSlabBudget};
  SpillPool pool{native_platform(), budget};

  SpillPlace take(std::size_t bytes) {
    if (!CHECK(pool.slabs().prepare(bytes))) return {};
    return pool.slabs().take(bytes);
  }
  std::vector<SpillPlace> fill() {
    std::vector<SpillPlace> places;
    for (std::size_t i = 0; i < kSharedPayloads; ++i) places.push_back(take(kSharedPayload));
    return places;
  }
};

}  // namespace

TEST(spill_slab_holds_payloads_side_by_side) {
  Slabs slabs;
  const SpillPlace first = slabs.take(1000);
  const SpillPlace second = slabs.take(1);
  const SpillPlace third = slabs.take(64);
  CHECK(first.spill == second.spill && second.spill == third.spill);
  CHECK(first.spill->shared());
  CHECK_EQ(first.offset, 0);
  CHECK_EQ(second.offset, 1024);
  CHECK_EQ(third.offset, 1088);
  CHECK_EQ(slabs.budget.used(), SpillSlabs::kSlabBytes);
}

TEST(spill_slab_is_filled_from_its_front_when_nothing_is_left_in_it) {
  Slabs slabs;
  SpillPlace place = slabs.take(1000);
  const std::uint64_t id = place.spill->id();
  SpillPlace copy = place;
  place = {};
  CHECK(slabs.take(1000).offset != 0);
  CHECK_EQ(slabs.budget.used(), SpillSlabs::kSlabBytes);
  copy = {};
  CHECK_EQ(slabs.budget.used(), 0);
  const SpillPlace again = slabs.take(1000);
  CHECK_EQ(again.spill->id(), id);
  CHECK_EQ(again.offset, 0);
}

TEST(spill_slab_filled_last_is_taken_again_first) {
  Slabs slabs;
  std::vector<SpillPlace> oldest = slabs.fill();
  std::vector<SpillPlace> newest = slabs.fill();
  const std::uint64_t warm = newest.front().spill->id();
  const SpillPlace third = slabs.take(kSharedPayload);
  CHECK(third.spill->id() != warm);
  oldest.clear();
  newest.clear();
  // What is left of the third slab comes before.
  for (std::size_t i = 1; i < kSharedPayloads; ++i)
    CHECK(slabs.take(kSharedPayload).spill == third.spill);
  CHECK_EQ(slabs.take(kSharedPayload).spill->id(), warm);
}

TEST(spill_slabs_stay_within_the_budget) {
  Slabs slabs;
  std::vector<std::vector<SpillPlace>> all;
  for (std::uint64_t used = 0; used < kSlabBudget; used += SpillSlabs::kSlabBytes)
    all.push_back(slabs.fill());
  CHECK(!slabs.pool.slabs().prepare(1));
  CHECK_EQ(slabs.budget.used(), kSlabBudget);
  all.pop_back();
  CHECK(slabs.pool.slabs().prepare(kSharedPayload));
}

TEST(spill_slab_that_may_be_read_for_long_is_not_filled_again) {
  Slabs slabs;
  SpillPlace place = slabs.take(1000);
  const std::uint64_t id = place.spill->id();
  slabs.pool.retire(*place.spill);
  const SpillPlace next = slabs.take(1000);
  CHECK(next.spill->id() != id);
  place = {};
  std::vector<SpillPlace> all = slabs.fill();
  for (const SpillPlace& each : all) CHECK(each.spill->id() != id);
  CHECK_EQ(slabs.pool.idle_bytes(), 0);
}

TEST(spill_pool_gives_back_what_is_free_beyond_what_it_keeps) {
  Slabs slabs;
  std::vector<SpillPlace> used = slabs.fill();
  std::vector<SpillPlace> burst = slabs.fill();
  auto large = slabs.pool.acquire(200'000);
  REQUIRE(large.ok());
  const std::vector<std::uint64_t> expected{large.value()->id(), burst.front().spill->id()};
  CHECK(slabs.pool.trim(0).empty());
  burst.clear();
  large = Status::Closed;
  CHECK(slabs.pool.trim(0) == expected);
  CHECK_EQ(slabs.pool.idle_bytes(), 0);
  used.clear();
  CHECK_EQ(slabs.pool.idle_bytes(), SpillSlabs::kSlabBytes);
  CHECK(slabs.pool.trim(SpillSlabs::kSlabBytes).empty());
}

}  // namespace busbar::test
