// Messages that a leaving member hands over to the others: each parcel is answered, or known to be
// lost.
#include <utility>
#include <vector>

#include "membership/membership_harness.h"

namespace busbar::test {
namespace {

std::vector<Parcel> parcels_of(TestMember& member, const std::vector<std::size_t>& sizes) {
  std::vector<Parcel> parcels;
  parcels.reserve(sizes.size());
  for (const std::size_t bytes : sizes) {
    parcels.push_back({member.platform.create_memory(bytes, Access::ReadOnly).take(), bytes});
  }
  return parcels;
}

}  // namespace

TEST(membership_parcels_go_to_the_controller) {
  TestBus bus;
  TestMember& controller = bus.join();
  TestMember& member = bus.join();
  controller.keeps = 5;
  member.membership.leave(parcels_of(member, {4096, 8192}));
  REQUIRE(bus.settle());
  REQUIRE_EQ(controller.parked.size(), 2);
  CHECK_EQ(controller.parked[0].first, member.id);
  CHECK_EQ(controller.parked[0].second, 4096);
  CHECK_EQ(controller.parked[1].second, 8192);
  CHECK_EQ(member.lefts, 1);
  CHECK_EQ(member.kept, 10);
}

TEST(membership_parcels_of_a_controller_go_to_its_successor) {
  TestBus bus;
  TestMember& controller = bus.join();
  TestMember& successor = bus.join();
  controller.membership.leave(parcels_of(controller, {4096}));
  REQUIRE(bus.settle());
  REQUIRE_EQ(successor.parked.size(), 1);
  CHECK_EQ(successor.parked[0].second, 4096);
  CHECK_EQ(controller.lefts, 1);
  CHECK_EQ(controller.kept, 1);
  CHECK(successor.membership.is_controller());
}

TEST(membership_parcels_of_the_last_one_are_kept_by_nobody) {
  TestBus bus;
  TestMember& alone = bus.join();
  alone.membership.leave(parcels_of(alone, {4096}));
  REQUIRE(bus.settle());
  CHECK_EQ(alone.lefts, 1);
  CHECK_EQ(alone.kept, 0);
}

// The first receiver may die at any step: before it reads the parcels, or before its answer is
// read.
TEST(membership_parcels_go_to_the_next_controller_when_the_first_dies) {
  int went_twice = 0;
  for (int steps = 0; steps < 12; ++steps) {
    TestBus bus;
    TestMember& first = bus.join();
    TestMember& next = bus.join();
    TestMember& member = bus.join();
    member.membership.leave(parcels_of(member, {4096}));
    (void)bus.settle_within(steps);
    const bool had_left = member.lefts == 1;
    bus.kill(first);
    REQUIRE(bus.pass(milliseconds(1500)));
    CHECK_EQ(member.lefts, 1);
    CHECK_EQ(member.kept, 1);
    CHECK(had_left || next.parked.size() == 1 || first.parked.size() == 1);
    CHECK_EQ(next.peers(), 1);
    went_twice += static_cast<int>(next.parked.size());
  }
  // The steps must have reached the moment that this test is about.
  CHECK(went_twice > 0 && went_twice < 12);
}

TEST(membership_parcels_wait_for_a_controller_when_there_is_none) {
  TestBus bus;
  TestMember& first = bus.join();
  TestMember& member = bus.join({.controller_affinity = false});
  bus.kill(first);
  REQUIRE(bus.settle());
  member.membership.leave(parcels_of(member, {4096}));
  REQUIRE(bus.pass(milliseconds(1000)));
  CHECK_EQ(member.lefts, 0);
  TestMember& next = bus.join();
  REQUIRE(bus.pass(milliseconds(500)));
  CHECK_EQ(next.parked.size(), 1);
  CHECK_EQ(member.lefts, 1);
  CHECK_EQ(member.kept, 1);
}

TEST(membership_parcels_nobody_answers_for_are_not_kept) {
  TestBus bus;
  TestMember& controller = bus.join();
  TestMember& successor = bus.join();
  bus.stop(successor);
  controller.membership.leave(parcels_of(controller, {4096}));
  REQUIRE(bus.pass(milliseconds(2999)));
  CHECK_EQ(controller.lefts, 0);
  REQUIRE(bus.pass(milliseconds(2)));
  CHECK_EQ(controller.lefts, 1);
  CHECK_EQ(controller.kept, 0);
}

TEST(membership_parcels_that_are_refused_are_not_kept) {
  TestBus bus;
  TestMember& controller = bus.join();
  TestMember& member = bus.join();
  controller.keeps = 0;
  member.membership.leave(parcels_of(member, {4096}));
  REQUIRE(bus.settle());
  CHECK_EQ(controller.parked.size(), 1);
  CHECK_EQ(member.lefts, 1);
  CHECK_EQ(member.kept, 0);
}

}  // namespace busbar::test
