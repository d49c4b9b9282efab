// Controllers that are stopped while another process needs them: they lose the name, and are
// ordinary members when they resume.
#include <memory>
#include <string>

#include "membership/membership_harness.h"
#include "support/check.h"

namespace busbar::test {
TEST(deposing_by_a_newcomer_who_then_sees_everybody) {
  TestBus bus;
  const auto members = join_many(bus, 4);
  bus.stop(*members[0]);
  TestMember& newcomer = bus.start();
  REQUIRE(bus.pass(milliseconds(590)));
  CHECK(!newcomer.membership.admitted());
  REQUIRE(bus.pass(milliseconds(310)));
  REQUIRE(newcomer.membership.admitted());
  for (int i = 1; i < 4; ++i) {
    CHECK(newcomer.sees(members[i]->id));
    CHECK_EQ(members[i]->changes.back().generation, 2);
  }
  REQUIRE(newcomer.sees(members[0]->id));
  CHECK_EQ(newcomer.directory->find(members[0]->id)->flags,
           kMemberProvisional | kMemberWasController);

  const std::uint64_t id = members[0]->id;
  bus.resume(*members[0]);
  REQUIRE(bus.settle());
  REQUIRE(is_whole(bus));
  CHECK_EQ(members[0]->id, id);
  CHECK(!members[0]->membership.is_controller());
  CHECK(!members[0]->changes.back().self);
}

TEST(deposing_by_a_member_who_introduces_itself) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  bus.stop(*members[0]);
  REQUIRE(introduce(*members[1], *members[2], 7).ok());
  REQUIRE(bus.pass(milliseconds(399)));
  CHECK_EQ(members[1]->changes.size(), 1);
  REQUIRE(bus.pass(milliseconds(2)));
  CHECK(members[1]->membership.is_controller());
  REQUIRE_EQ(members[1]->changes.size(), 2);
  REQUIRE_EQ(members[2]->changes.size(), 2);
  // As an endpoint does when it is admitted.
  REQUIRE(introduce(*members[1], *members[2], 7).ok());
  REQUIRE(bus.settle());
  REQUIRE_EQ(members[2]->introductions.size(), 1);
  bus.resume(*members[0]);
  REQUIRE(bus.settle());
  REQUIRE(is_whole(bus));
}

TEST(deposing_nobody_who_answers_in_time) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  bus.stop(*members[0]);
  TestMember& newcomer = bus.start();
  REQUIRE(introduce(*members[1], *members[2], 7).ok());
  REQUIRE(bus.pass(milliseconds(390)));
  bus.resume(*members[0]);
  REQUIRE(bus.settle());
  REQUIRE(bus.pass(milliseconds(1000)));
  CHECK(newcomer.membership.admitted());
  CHECK(members[0]->membership.is_controller());
  CHECK_EQ(members[2]->introductions.size(), 1);
  for (const TestMember* member : bus.living()) CHECK_EQ(member->changes.size(), 1);
}

TEST(deposing_nobody_after_a_stop_of_everybody) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  REQUIRE(introduce(*members[1], *members[2], 7).ok());
  for (TestMember* member : members) bus.stop(*member);
  bus.world.advance(std::chrono::seconds(60));
  // The controller first: its answer is there when the others resume.
  bus.resume(*members[0]);
  REQUIRE(bus.settle());
  for (TestMember* member : members) bus.resume(*member);
  REQUIRE(bus.pass(milliseconds(1000)));
  CHECK(members[0]->membership.is_controller());
  for (const TestMember* member : members) CHECK_EQ(member->changes.size(), 1);
}

TEST(deposing_for_a_newcomer_that_must_not_be_controller) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  bus.stop(*members[0]);
  TestMember& newcomer = bus.start({.controller_affinity = false});
  REQUIRE(bus.pass(milliseconds(590)));
  CHECK(!newcomer.membership.admitted());
  REQUIRE(bus.pass(milliseconds(300)));
  CHECK(newcomer.membership.admitted());
  CHECK(members[1]->membership.is_controller() != members[2]->membership.is_controller());
}

// To the members a process without processor time looks as one that is stopped, but for its state.
TEST(deposing_nobody_who_only_waits_for_a_processor) {
  TestBus bus;
  const auto members = join_many(bus, 4);
  bus.stop(*members[0]);
  bus.world.set_runnable(bus.pid_of(*members[0]), true);
  TestMember& newcomer = bus.start();
  TestMember& observer = bus.start({.controller_affinity = false});
  REQUIRE(introduce(*members[1], *members[2], 7).ok());
  REQUIRE(bus.pass(milliseconds(4900)));
  CHECK(!newcomer.membership.admitted());
  bus.resume(*members[0]);
  REQUIRE(bus.settle());
  REQUIRE(bus.pass(milliseconds(1000)));
  CHECK(newcomer.membership.admitted());
  CHECK(observer.membership.admitted());
  CHECK(members[0]->membership.is_controller());
  CHECK_EQ(members[2]->introductions.size(), 1);
  for (const TestMember* member : bus.living()) CHECK_EQ(member->changes.size(), 1);
}

TEST(deposing_one_who_waits_for_a_processor_too_long) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  bus.stop(*members[0]);
  bus.world.set_runnable(bus.pid_of(*members[0]), true);
  REQUIRE(introduce(*members[1], *members[2], 7).ok());
  REQUIRE(bus.pass(milliseconds(5390)));
  CHECK_EQ(members[1]->changes.size(), 1);
  REQUIRE(bus.pass(milliseconds(120)));
  CHECK(members[1]->membership.is_controller());
}

TEST(deposing_at_once_whoever_is_stopped_after_waiting_for_a_processor) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  bus.stop(*members[0]);
  bus.world.set_runnable(bus.pid_of(*members[0]), true);
  REQUIRE(introduce(*members[1], *members[2], 7).ok());
  REQUIRE(bus.pass(milliseconds(1000)));
  CHECK_EQ(members[1]->changes.size(), 1);
  bus.world.set_runnable(bus.pid_of(*members[0]), false);
  REQUIRE(bus.pass(milliseconds(110)));
  CHECK(members[1]->membership.is_controller());
}

TEST(deposing_one_who_was_alone) {
  TestBus bus;
  TestMember& sleeper = bus.join();
  bus.stop(sleeper);
  TestMember& newcomer = bus.start();
  REQUIRE(bus.pass(milliseconds(910)));
  CHECK(newcomer.membership.admitted());
  CHECK_EQ(newcomer.peers(), 1);
  bus.resume(sleeper);
  REQUIRE(bus.settle());
  REQUIRE(is_whole(bus));
  CHECK(newcomer.membership.is_controller());
}

TEST(deposing_one_whose_door_is_crowded) {
  TestBus bus;
  const auto members = join_many(bus, 2);
  bus.stop(*members[0]);
  Platform& flooder = bus.world.start_process(7);
  auto rendezvous = flooder.open_rendezvous("test.bus").take();
  std::vector<std::unique_ptr<Channel>> crowd;
  for (;;) {
    auto channel = rendezvous->connect();
    if (!channel) break;
    crowd.push_back(channel.take());
  }
  TestMember& newcomer = bus.start();
  REQUIRE(bus.pass(milliseconds(1300)));
  CHECK(newcomer.membership.admitted());
  CHECK(newcomer.sees(members[1]->id));
}

TEST(deposing_nobody_whose_door_is_crowded_but_who_answers_its_members) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  Platform& flooder = bus.world.start_process(7);
  auto rendezvous = flooder.open_rendezvous("test.bus").take();
  std::vector<std::unique_ptr<Channel>> crowd;
  // More than the controller admits at a time, for as long as the test lasts.
  crowd.reserve(1000);
  for (int i = 0; i < 1000; ++i) crowd.push_back(rendezvous->connect().take());
  TestMember& newcomer = bus.start();
  REQUIRE(bus.pass(milliseconds(1000)));
  CHECK(newcomer.membership.admitted());
  CHECK(members[0]->membership.is_controller());
  for (const TestMember* member : members) CHECK_EQ(member->changes.size(), 1);
}

TEST(deposing_lets_a_leaver_say_so_to_the_next) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  bus.stop(*members[0]);
  members[1]->membership.leave();
  REQUIRE(bus.pass(milliseconds(1000)));
  CHECK_EQ(members[1]->lefts, 1);
  CHECK(members[2]->membership.is_controller());
  CHECK(!members[2]->sees(members[1]->id));
}

TEST(deposed_one_does_not_bring_those_back_who_have_left) {
  TestBus bus;
  const auto members = join_many(bus, 4);
  bus.stop(*members[0]);
  TestMember& newcomer = bus.start();
  REQUIRE(bus.pass(milliseconds(1000)));
  REQUIRE(newcomer.membership.admitted());
  const std::uint64_t left = members[2]->id;
  members[2]->membership.leave();
  REQUIRE(bus.settle());
  REQUIRE_EQ(members[2]->lefts, 1);
  bus.resume(*members[0]);
  REQUIRE(bus.settle());
  CHECK(members[0]->membership.admitted());
  CHECK(!newcomer.sees(left));
  CHECK_EQ(newcomer.peers(), 4);
}

TEST(deposed_one_leaves_like_a_member) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  bus.stop(*members[0]);
  TestMember& newcomer = bus.start();
  REQUIRE(bus.pass(milliseconds(1000)));
  members[0]->membership.leave();
  bus.resume(*members[0]);
  REQUIRE(bus.pass(milliseconds(1100)));
  CHECK_EQ(members[0]->lefts, 1);
  REQUIRE(bus.controller() != nullptr);
  CHECK(bus.controller() != members[0]);
  CHECK(!newcomer.sees(members[0]->id));
  CHECK_EQ(newcomer.peers(), 3);
}

TEST(deposing_bell_rung_in_vain_disturbs_nobody_for_long) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  Platform& joker = bus.world.start_process(7);
  auto rendezvous = joker.open_rendezvous("test.bus").take();
  auto bell = rendezvous->open_bell().take();
  for (int i = 0; i < 5; ++i) {
    bell->ring();
    // The turns end: a member stops listening to a bell that it has heard.
    REQUIRE(bus.pass(milliseconds(100)));
  }
  REQUIRE(bus.pass(milliseconds(2000)));
  for (const TestMember* member : members) {
    CHECK_EQ(member->changes.size(), 1);
    CHECK(!member->membership.next_deadline().has_value());
  }
  // A ring with a reason still has its effect.
  bus.stop(*members[0]);
  TestMember& newcomer = bus.start();
  REQUIRE(bus.pass(milliseconds(910)));
  CHECK(newcomer.membership.admitted());
  CHECK(newcomer.sees(members[2]->id));
}

// The controller stops after any number of steps of a newcomer's join, and resumes after any number
// of later steps.
TEST(deposing_at_every_step) {
  bool finished = false;
  for (int first = 0; !finished; ++first) {
    for (int second = 0; second < 120; second += 1 + second / 8) {
      TestBus bus;
      const auto members = join_many(bus, 4);
      bus.start();
      finished = bus.settle_within(first);
      bus.stop(*members[0]);
      REQUIRE(bus.settle());
      (void)introduce(*members[1], *members[2], 3);
      for (int i = 0; i < 400; ++i) {
        bus.world.advance(milliseconds(1));
        if (i < 398) REQUIRE(bus.settle());
      }
      (void)bus.settle_within(second);
      bus.resume(*members[0]);
      REQUIRE(bus.settle());
      REQUIRE(bus.pass(milliseconds(1500)));
      if (!is_whole(bus)) {
        CHECK_EQ("stopped after and for", std::to_string(first) + " and " + std::to_string(second));
        return;
      }
    }
  }
}

}  // namespace busbar::test
