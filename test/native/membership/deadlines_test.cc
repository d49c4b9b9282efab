// The table of timers: which are due, in which order, and how an action may change the table.
#include "core/membership/deadlines.h"

#include <chrono>
#include <string>

#include "support/check.h"

namespace busbar::test {
namespace {

TimePoint after(int count) { return TimePoint{} + std::chrono::milliseconds(count); }

enum class Timer { First, Silent, Last };

struct TimerOwner {
  void first() {
    ran += "f";
    if (repeats) deadlines.set(Timer::First, after(20));
    if (stops_last) deadlines.clear(Timer::Last);
  }
  void last() { ran += "l"; }

  using Timers = Deadlines<TimerOwner, Timer, 3>;
  Timers deadlines{Timers::Table({{{Timer::First, &TimerOwner::first},
                                   {Timer::Silent, nullptr},
                                   {Timer::Last, &TimerOwner::last}}})};
  std::string ran;
  bool repeats = false;
  bool stops_last = false;
};

TEST(deadlines_next_is_the_earliest) {
  TimerOwner owner;
  CHECK(!owner.deadlines.next());
  owner.deadlines.set(Timer::Last, after(7));
  owner.deadlines.set(Timer::First, after(9));
  CHECK(owner.deadlines.next() == after(7));
  owner.deadlines.set(Timer::Last, after(11));
  CHECK(owner.deadlines.next() == after(9));
  owner.deadlines.clear(Timer::First);
  CHECK(owner.deadlines.next() == after(11));
}

TEST(deadlines_run_once_and_in_the_order_of_the_table) {
  TimerOwner owner;
  owner.deadlines.set(Timer::Last, after(1));
  owner.deadlines.set(Timer::First, after(2));
  owner.deadlines.run_due(owner, after(0));
  CHECK(owner.ran.empty());
  CHECK(owner.deadlines.due(Timer::Last, after(1)));
  CHECK(!owner.deadlines.due(Timer::First, after(1)));
  owner.deadlines.run_due(owner, after(2));
  CHECK(owner.ran == "fl");
  owner.deadlines.run_due(owner, after(3));
  CHECK(owner.ran == "fl");
  CHECK(!owner.deadlines.next());
}

TEST(deadlines_without_an_action_only_pass) {
  TimerOwner owner;
  owner.deadlines.set(Timer::Silent, after(1));
  CHECK(owner.deadlines.pending(Timer::Silent));
  owner.deadlines.run_due(owner, after(1));
  CHECK(!owner.deadlines.pending(Timer::Silent));
}

TEST(deadlines_of_an_action_may_be_set_again_and_others_cleared) {
  TimerOwner owner;
  owner.repeats = true;
  owner.stops_last = true;
  owner.deadlines.set(Timer::First, after(1));
  owner.deadlines.set(Timer::Last, after(1));
  owner.deadlines.run_due(owner, after(1));
  CHECK(owner.ran == "f");
  CHECK(owner.deadlines.next() == after(20));
}

}  // namespace
}  // namespace busbar::test
