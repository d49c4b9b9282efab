// How often the controller broadcasts which members missed an introduction.
#include "core/controller/missed_introductions.h"

#include "support/check.h"

namespace busbar::test {
namespace {

using std::chrono::milliseconds;
using Ids = std::vector<std::uint64_t>;

}  // namespace

TEST(missed_introductions_are_told_at_once_and_then_at_intervals) {
  MissedIntroductions missed;
  TimePoint now{milliseconds(1000)};
  CHECK(!missed.next_due());
  missed.add(7);
  CHECK(*missed.next_due() <= now);
  CHECK(missed.take_due(now, 60) == Ids{7});
  CHECK(!missed.next_due());
  // Another member is broadcast in the next round, the same member later.
  missed.add(7);
  missed.add(8);
  CHECK(missed.take_due(now, 60).empty());
  CHECK(*missed.next_due() == now + MissedIntroductions::kRoundInterval);
  CHECK(missed.take_due(now + MissedIntroductions::kRoundInterval, 60) == Ids{8});
  CHECK(*missed.next_due() == now + MissedIntroductions::kMemberInterval);
  CHECK(missed.take_due(now + MissedIntroductions::kMemberInterval, 60) == Ids{7});
}

TEST(missed_introductions_of_many_are_told_in_several_rounds) {
  MissedIntroductions missed;
  TimePoint now{milliseconds(1000)};
  for (std::uint64_t id = 1; id <= 10; ++id) missed.add(id);
  std::size_t rounds = 0;
  for (std::size_t told = 0; told < 10; ++rounds) {
    const Ids due = missed.take_due(now, 2000);
    CHECK(due.size() <= 2);
    told += due.size();
    now += MissedIntroductions::kRoundInterval;
  }
  CHECK_EQ(rounds, 5);
  missed.add(1);
  // On a bus of any size, one id is broadcast.
  now += MissedIntroductions::kMemberInterval;
  CHECK_EQ(missed.take_due(now, 100'000).size(), 1);
}

}  // namespace busbar::test
