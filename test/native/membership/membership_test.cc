// Joining, seeing each other, introductions, changes, leaving: members on a loopback bus.
#include <algorithm>
#include <set>

#include "membership/membership_harness.h"
#include "support/check.h"

namespace busbar::test {
TEST(membership_first_member_becomes_controller) {
  TestBus bus;
  TestMember& first = bus.join();
  REQUIRE_EQ(first.changes.size(), 1);
  CHECK(first.membership.admitted());
  CHECK(first.membership.is_controller());
  CHECK(first.changes[0].self);
  CHECK_EQ(first.changes[0].generation, 1);
  CHECK_EQ(first.changes[0].controller_id, first.id);
  CHECK(first.changes[0].gap == std::chrono::nanoseconds(0));
  CHECK(first.id > 0 && first.id < kIdLimit);
  REQUIRE(first.sees(first.id));
  CHECK_EQ(first.directory->find(first.id)->flags, kMemberController);
  CHECK_EQ(first.directory->find(first.id)->pid, bus.pid_of(first));
}

TEST(membership_of_fifty_sees_everybody_at_once) {
  TestBus bus;
  std::vector<TestMember*> members;
  std::set<std::uint64_t> ids;
  for (int i = 0; i < 50; ++i) {
    members.push_back(&bus.join());
    REQUIRE(members.back()->membership.admitted());
    ids.insert(members.back()->id);
    // An admitted member is visible to all, without any further event.
    for (TestMember* other : members) CHECK(other->sees(members.back()->id));
  }
  CHECK_EQ(ids.size(), 50);
  CHECK_EQ(bus.controllers(), 1);
  CHECK(!members[1]->changes[0].self);
  CHECK_EQ(members[1]->changes[0].controller_id, members[0]->id);
}

TEST(membership_crowd_at_the_door_gets_in) {
  TestBus bus;
  std::vector<TestMember*> members;
  members.reserve(200);
  for (int i = 0; i < 200; ++i) members.push_back(&bus.start());
  REQUIRE(bus.settle());
  REQUIRE(bus.pass(milliseconds(200)));
  for (TestMember* member : members) CHECK(member->membership.admitted());
  CHECK_EQ(members[0]->peers(), 200);
  CHECK_EQ(bus.controllers(), 1);
}

TEST(membership_of_two_endpoints_in_one_process) {
  TestBus bus;
  TestMember& first = bus.join();
  TestMember& second = bus.start_in(bus.pid_of(first), first.platform, {.identifier = "test.bus"});
  TestMember& elsewhere =
      bus.start_in(bus.pid_of(first), first.platform, {.identifier = "other.bus"});
  REQUIRE(bus.settle());
  CHECK(first.sees(second.id));
  CHECK(!first.sees(elsewhere.id));
  CHECK(elsewhere.membership.is_controller());
}

TEST(membership_needs_the_same_token) {
  TestBus bus;
  TestMember& first = bus.join({.token = "secret"});
  TestMember& wrong = bus.join({.token = "guess"});
  REQUIRE(wrong.refused.has_value());
  CHECK_EQ(*wrong.refused, Status::TokenMismatch);
  CHECK(!wrong.membership.admitted());
  TestMember& right = bus.join({.token = "secret"});
  CHECK(right.membership.admitted());
  CHECK_EQ(first.peers(), 2);
}

TEST(membership_without_affinity_waits_for_a_founder) {
  TestBus bus;
  TestMember& shy = bus.join({.controller_affinity = false});
  REQUIRE(bus.pass(milliseconds(500)));
  CHECK(!shy.membership.admitted());
  TestMember& founder = bus.join();
  REQUIRE(bus.pass(milliseconds(50)));
  CHECK(shy.membership.admitted());
  REQUIRE(founder.sees(shy.id));
  CHECK_EQ(founder.directory->find(shy.id)->flags, kMemberNoAffinity);
}

TEST(membership_introduces_members_to_one_another) {
  TestBus bus;
  TestMember& first = bus.join();
  TestMember& second = bus.join();
  TestMember& third = bus.join();
  const FourHandles handles(second.platform);
  CHECK(second.membership.introduce(third.id, 5, 4096, handles.borrow()).ok());
  CHECK(second.membership.introduce(first.id, 6, 8192, handles.borrow()).ok());
  CHECK(second.membership.introduce(second.id, 7, 100, handles.borrow()).ok());
  CHECK(second.membership.introduce(12345, 8, 100, handles.borrow()).ok());
  REQUIRE(bus.settle());
  REQUIRE_EQ(third.introductions.size(), 1);
  CHECK_EQ(third.introductions[0].from_id, second.id);
  CHECK_EQ(third.introductions[0].from_pid, bus.pid_of(second));
  CHECK_EQ(third.introductions[0].link_id, 5);
  CHECK_EQ(third.introductions[0].ring_bytes, 4096);
  CHECK_EQ(third.introductions[0].handles, 4);
  CHECK_EQ(first.introductions.size(), 1);
  CHECK_EQ(second.introductions.size(), 1);
  REQUIRE_EQ(second.failed_introductions.size(), 1);
  CHECK_EQ(second.failed_introductions[0].to_id, 12345);
  CHECK_EQ(second.failed_introductions[0].link_id, 8);
  CHECK_EQ(second.failed_introductions[0].why, Status::PeerGone);
}

TEST(membership_flood_of_introductions_ends_in_a_limit_not_in_memory) {
  TestBus bus;
  TestMember& first = bus.join();
  TestMember& sender = bus.join();
  TestMember& sleeper = bus.join();
  bus.stop(sleeper);
  const FourHandles handles(sender.platform);
  std::size_t sent = 0;
  for (std::uint64_t link = 1; link <= 2000; ++link) {
    while (!sender.membership.introduce(sleeper.id, link, 1, handles.borrow()).ok()) {
      REQUIRE(sender.membership.next_deadline().has_value());
      REQUIRE(bus.pass(milliseconds(1)));
    }
    ++sent;
  }
  // The last refusal is reported ten milliseconds after it was read.
  REQUIRE(bus.pass(milliseconds(20)));
  REQUIRE(!sender.failed_introductions.empty());
  CHECK_EQ(sender.failed_introductions.back().why, Status::LimitExceeded);
  CHECK(bus.world.count_handles(bus.pid_of(first)) < 700);
  bus.resume(sleeper);
  REQUIRE(bus.settle());
  CHECK_EQ(sleeper.introductions.size() + sender.failed_introductions.size(), sent);
}

TEST(membership_reports_one_later_change_when_asked) {
  TestBus bus;
  bus.join();
  TestMember& asking = bus.join();
  REQUIRE(asking.directory->refresh());
  asking.membership.await_change(asking.directory->seen_epoch());
  REQUIRE(bus.pass(milliseconds(20)));
  CHECK_EQ(asking.directory_changes, 0);
  TestMember& third = bus.join();
  REQUIRE(bus.pass(milliseconds(10)));
  CHECK_EQ(asking.directory_changes, 1);
  CHECK(asking.sees(third.id));
  bus.join();
  REQUIRE(bus.pass(milliseconds(10)));
  CHECK_EQ(asking.directory_changes, 1);
  asking.membership.await_change(0);
  REQUIRE(bus.pass(milliseconds(10)));
  CHECK_EQ(asking.directory_changes, 2);
  bus.kill(third);
  REQUIRE(bus.pass(milliseconds(10)));
  CHECK(!asking.sees(third.id));
}

TEST(membership_leave_is_visible_to_all_when_it_is_done) {
  TestBus bus;
  TestMember& first = bus.join();
  TestMember& second = bus.join();
  TestMember& third = bus.join();
  second.membership.leave();
  REQUIRE(bus.settle());
  CHECK_EQ(second.lefts, 1);
  CHECK(!second.membership.admitted());
  CHECK(!first.sees(second.id));
  CHECK(!third.sees(second.id));
  CHECK_EQ(third.changes.size(), 1);
  second.membership.leave();
  REQUIRE(bus.settle());
  CHECK_EQ(second.lefts, 1);
}

TEST(membership_leave_before_anything_was_joined) {
  TestBus bus;
  TestMember& never = bus.start({.controller_affinity = false});
  never.membership.leave();
  CHECK_EQ(never.lefts, 1);
  TestMember& refused = bus.join();
  TestMember& wrong = bus.join({.token = "guess"});
  REQUIRE(wrong.refused.has_value());
  wrong.membership.leave();
  CHECK_EQ(wrong.lefts, 1);
  CHECK_EQ(refused.peers(), 1);
}

// Its process lives on, so nothing else would ever report that the member is gone.
TEST(membership_leave_at_any_moment_of_joining_leaves_nobody_behind) {
  for (int steps = 0; steps < 12; ++steps) {
    for (int turns_of_controller = 0; turns_of_controller < 3; ++turns_of_controller) {
      TestBus bus;
      TestMember& controller = bus.join();
      TestMember& visitor = bus.start();
      for (int step = 0; step < steps; ++step) {
        for (int turn = 0; turn < turns_of_controller; ++turn) (void)controller.step();
        (void)visitor.step();
      }
      visitor.membership.leave();
      REQUIRE(bus.settle());
      CHECK_EQ(visitor.lefts, 1);
      CHECK_EQ(controller.peers(), 1);
    }
  }
}

TEST(membership_leave_is_bounded_when_the_controller_is_silent) {
  TestBus bus;
  TestMember& controller = bus.join();
  TestMember& member = bus.join();
  bus.stop(controller);
  member.membership.leave();
  REQUIRE(bus.pass(milliseconds(999)));
  CHECK_EQ(member.lefts, 0);
  REQUIRE(bus.pass(milliseconds(2)));
  CHECK_EQ(member.lefts, 1);
  bus.resume(controller);
  REQUIRE(bus.settle());
  CHECK_EQ(controller.peers(), 1);
}

TEST(membership_rests_when_nothing_happens) {
  TestBus bus;
  TestMember& first = bus.join();
  TestMember& second = bus.join();
  REQUIRE(bus.pass(milliseconds(3000)));
  CHECK(!first.membership.next_deadline().has_value());
  CHECK(!second.membership.next_deadline().has_value());
}

TEST(membership_keeps_no_handles) {
  TestBus bus;
  TestMember& first = bus.join();
  bus.join();
  const std::uint32_t pid = bus.pid_of(first);
  REQUIRE(bus.pass(milliseconds(10)));
  const std::size_t before = bus.world.count_handles(pid);
  for (int i = 0; i < 100; ++i) {
    TestMember& visitor = bus.join();
    visitor.membership.leave();
    REQUIRE(bus.settle());
  }
  CHECK_EQ(bus.world.count_handles(pid), before);
}

}  // namespace busbar::test
