// Controllers that die, or that another process replaces first: members on a loopback bus, also
// with a death at every single step.
#include <string>

#include "membership/membership_harness.h"
#include "support/check.h"

namespace busbar::test {
TEST(failover_keeps_every_id) {
  TestBus bus;
  const auto members = join_many(bus, 8);
  std::vector<std::uint64_t> ids;
  ids.reserve(members.size());
  for (const TestMember* member : members) ids.push_back(member->id);
  bus.kill(*members[0]);
  bus.world.advance(std::chrono::microseconds(1));
  REQUIRE(bus.settle());
  // At once: no timer had to expire.
  REQUIRE(is_whole(bus));
  for (std::size_t i = 1; i < members.size(); ++i) {
    CHECK_EQ(members[i]->id, ids[i]);
    REQUIRE_EQ(members[i]->changes.size(), 2);
    CHECK_EQ(members[i]->changes[1].generation, 2);
    CHECK_EQ(members[i]->changes[1].controller_id, bus.controller()->id);
    CHECK_EQ(members[i]->changes[1].self, members[i] == bus.controller());
    CHECK(!members[i]->sees(ids[0]));
  }
}

TEST(failover_after_failover) {
  TestBus bus;
  join_many(bus, 6);
  for (std::uint64_t generation = 2; generation <= 6; ++generation) {
    bus.kill(*bus.controller());
    REQUIRE(bus.settle());
    REQUIRE(is_whole(bus));
    CHECK_EQ(bus.controller()->directory->generation(), generation);
  }
}

TEST(failover_counts_as_an_awaited_change) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  members[2]->membership.await_change(members[2]->directory->epoch());
  bus.kill(*members[0]);
  REQUIRE(bus.settle());
  CHECK_EQ(members[2]->directory_changes, 1);
}

TEST(failover_survivors_have_the_right_of_way) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  bus.kill(*members[0]);
  TestMember& newcomer = bus.start();
  REQUIRE(bus.settle());
  CHECK(!newcomer.membership.is_controller());
  REQUIRE(bus.pass(milliseconds(25)));
  REQUIRE(is_whole(bus));
}

TEST(failover_newcomer_may_win_the_office_all_the_same) {
  TestBus bus;
  const auto members = join_many(bus, 4);
  std::vector<std::uint64_t> ids;
  ids.reserve(members.size());
  for (const TestMember* member : members) ids.push_back(member->id);
  for (int i = 1; i < 4; ++i) bus.stop(*members[i]);
  bus.kill(*members[0]);
  TestMember& newcomer = bus.start();
  REQUIRE(bus.pass(milliseconds(30)));
  REQUIRE(newcomer.membership.is_controller());
  // It could not send to those that it does not know.
  CHECK(!newcomer.membership.admitted());
  bus.resume(*members[1]);
  REQUIRE(bus.settle());
  REQUIRE(newcomer.membership.admitted());
  // The first member to return brought the old directory, so the others are known again.
  CHECK(newcomer.sees(ids[2]));
  CHECK(newcomer.sees(ids[3]));
  for (int i = 2; i < 4; ++i) bus.resume(*members[i]);
  REQUIRE(bus.settle());
  REQUIRE(is_whole(bus));
  for (int i = 1; i < 4; ++i) CHECK_EQ(members[i]->id, ids[i]);
  CHECK_EQ(newcomer.directory->generation(), 2);
  CHECK_EQ(members[1]->changes[1].generation, 2);
}

TEST(failover_newcomer_in_office_does_not_wait_for_ever) {
  TestBus bus;
  const auto members = join_many(bus, 2);
  bus.stop(*members[1]);
  bus.kill(*members[0]);
  TestMember& newcomer = bus.start();
  REQUIRE(bus.pass(milliseconds(250)));
  CHECK(!newcomer.membership.admitted());
  REQUIRE(bus.pass(milliseconds(30)));
  CHECK(newcomer.membership.admitted());
  bus.resume(*members[1]);
  REQUIRE(bus.settle());
  REQUIRE(is_whole(bus));
}

TEST(failover_newcomer_does_not_wait_where_nobody_is_left) {
  TestBus bus;
  const auto members = join_many(bus, 2);
  bus.kill(*members[1]);
  bus.kill(*members[0]);
  TestMember& newcomer = bus.start();
  REQUIRE(bus.pass(milliseconds(26)));
  CHECK(newcomer.membership.admitted());
}

TEST(failover_newcomers_wait_for_those_from_before) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  bus.stop(*members[2]);
  bus.kill(*members[0]);
  REQUIRE(bus.settle());
  REQUIRE(members[1]->membership.is_controller());
  TestMember& early = bus.start();
  REQUIRE(bus.pass(milliseconds(100)));
  CHECK(!early.membership.admitted());
  bus.resume(*members[2]);
  REQUIRE(bus.settle());
  CHECK(early.membership.admitted());
  CHECK(members[2]->sees(early.id));
}

TEST(failover_newcomers_do_not_wait_for_ever) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  bus.stop(*members[2]);
  bus.kill(*members[0]);
  REQUIRE(bus.settle());
  TestMember& patient = bus.start();
  REQUIRE(bus.pass(milliseconds(249)));
  CHECK(!patient.membership.admitted());
  REQUIRE(bus.pass(milliseconds(2)));
  CHECK(patient.membership.admitted());
  REQUIRE(patient.sees(members[2]->id));
  CHECK_EQ(patient.directory->find(members[2]->id)->flags, kMemberProvisional);
}

TEST(failover_holds_introductions_for_those_not_back_yet) {
  TestBus bus;
  const auto members = join_many(bus, 37);
  bus.stop(*members[2]);
  bus.stop(*members[3]);
  bus.kill(*members[0]);
  REQUIRE(bus.settle());
  // Two links to each of the others: one, and the one that replaces it.
  std::uint64_t link = 0;
  for (std::size_t from = 4; from < 36; ++from) {
    for (int times = 0; times < 2; ++times) {
      REQUIRE(introduce(*members[from], *members[2], ++link).ok());
      REQUIRE(bus.settle());
    }
  }
  CHECK_EQ(link, 64);
  REQUIRE(introduce(*members[36], *members[2], 65).ok());
  REQUIRE(bus.settle());
  REQUIRE(bus.pass(milliseconds(10)));
  REQUIRE_EQ(members[36]->failed_introductions.size(), 1);
  CHECK_EQ(members[36]->failed_introductions.front().link_id, 65);
  CHECK_EQ(members[36]->failed_introductions.front().why, Status::LimitExceeded);
  for (const std::uint64_t number : {97, 98, 99})
    REQUIRE(introduce(*members[1], *members[3], number).ok());
  REQUIRE(bus.settle());
  REQUIRE(bus.pass(milliseconds(10)));
  REQUIRE_EQ(members[1]->failed_introductions.size(), 1);
  CHECK_EQ(members[1]->failed_introductions.front().link_id, 99);
  CHECK_EQ(members[1]->failed_introductions.front().why, Status::LimitExceeded);
  bus.resume(*members[2]);
  REQUIRE(bus.settle());
  REQUIRE_EQ(members[2]->introductions.size(), 64);
  CHECK_EQ(members[2]->introductions[0].from_id, members[4]->id);
  CHECK_EQ(members[2]->introductions[63].link_id, 64);

  bus.kill(*members[3]);
  REQUIRE(bus.settle());
  CHECK_EQ(members[1]->failed_introductions.back().link_id, 98);
  CHECK_EQ(members[1]->failed_introductions.back().why, Status::PeerGone);
  CHECK(!members[1]->sees(members[3]->id));
}

TEST(failover_of_a_bus_without_affinity_waits_for_one_that_has) {
  TestBus bus;
  TestMember& founder = bus.join();
  TestMember& shy = bus.join({.controller_affinity = false});
  const std::uint64_t id = shy.id;
  bus.kill(founder);
  REQUIRE(bus.pass(milliseconds(300)));
  CHECK_EQ(bus.controllers(), 0);
  bus.start();
  REQUIRE(bus.pass(milliseconds(100)));
  REQUIRE(is_whole(bus));
  CHECK_EQ(shy.id, id);
}

TEST(failover_leaving_member_tells_the_next_controller) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  bus.stop(*members[0]);
  members[1]->membership.leave();
  bus.kill(*members[0]);
  REQUIRE(bus.pass(milliseconds(100)));
  CHECK_EQ(members[1]->lefts, 1);
  CHECK(!members[1]->membership.is_controller());
  CHECK_EQ(members[1]->changes.size(), 1);
  CHECK_EQ(members[2]->peers(), 1);
}

// Four members and a newcomer; the controller is killed after any number of steps, its successor
// after any number of further steps.
TEST(failover_at_every_step) {
  bool finished = false;
  for (int first = 0; !finished; ++first) {
    for (int second = 0; second < 60; second += 1 + second / 8) {
      TestBus bus;
      join_many(bus, 4);
      bus.start();
      finished = bus.settle_within(first);
      bus.kill(*bus.controller());
      (void)bus.settle_within(second);
      if (TestMember* next = bus.controller()) bus.kill(*next);
      REQUIRE(bus.settle());
      REQUIRE(bus.pass(milliseconds(60)));
      if (!is_whole(bus)) {
        CHECK_EQ("killed after steps", std::to_string(first) + " and " + std::to_string(second));
        return;
      }
    }
  }
}

}  // namespace busbar::test
