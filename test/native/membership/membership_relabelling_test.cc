// A member with another label: all see it when it is confirmed, through deaths and changes of
// controller; nobody can change the label of another one.
#include <string>
#include <vector>

#include "membership/membership_harness.h"
#include "support/check.h"
#include "support/raw_control_client.h"

namespace busbar::test {
namespace {

[[nodiscard]] bool sees(TestMember& member, std::uint64_t id, std::string_view label) {
  return member.sees(id) && member.directory->find(id)->label == label_of(label);
}

[[nodiscard]] bool all_see(const TestBus& bus, std::uint64_t id, std::string_view label) {
  bool all = true;
  for (TestMember* member : bus.living()) all = sees(*member, id, label) && all;
  return all;
}

// A client of the test's own that has been admitted, with its id.
struct RawMember {
  explicit RawMember(TestBus& bus, std::uint32_t pid) : client(bus.world.start_process(pid)) {
    client.hello();
    (void)bus.settle();
    CHECK(client.challenged());
    AnnounceFrame announce = client.announcement(pid);
    announce.label = label_of("raw");
    client.send(announce);
    (void)bus.settle();
    const auto welcome = client.receive<WelcomeFrame>();
    if (CHECK(welcome.has_value())) id = welcome->id;
  }
  RawControlClient client;
  std::uint64_t id = 0;
};

}  // namespace

TEST(relabel_is_confirmed_once_all_members_see_it) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  for (TestMember* member : members) {
    const std::string label = "new " + std::to_string(member->id);
    member->membership.relabel(label_of(label), 1);
    CHECK(member->relabelled.empty());
    REQUIRE(bus.pass(milliseconds(1)));
    CHECK(member->relabelled == std::vector<std::uint64_t>{1});
    CHECK(all_see(bus, member->id, label));
  }
}

TEST(relabel_wakes_members_that_wait_for_changes) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  members[1]->membership.await_change(members[1]->directory->epoch());
  REQUIRE(bus.settle());
  CHECK_EQ(members[1]->directory_changes, 0);
  members[2]->membership.relabel(label_of("new"), 1);
  REQUIRE(bus.pass(milliseconds(10)));
  CHECK_EQ(members[1]->directory_changes, 1);
}

TEST(relabel_takes_effect_in_the_order_of_the_calls) {
  TestBus bus;
  const auto members = join_many(bus, 2);
  for (std::uint64_t revision = 1; revision <= 20; ++revision)
    members[1]->membership.relabel(label_of("label " + std::to_string(revision)), revision);
  REQUIRE(bus.pass(milliseconds(20)));
  CHECK_EQ(members[1]->relabelled.back(), 20);
  CHECK(std::is_sorted(members[1]->relabelled.begin(), members[1]->relabelled.end()));
  CHECK(all_see(bus, members[1]->id, "label 20"));
}

// The controller dies after each number of steps: before it reads the wish, after it has written
// the label, with its answer on the way.
TEST(relabel_survives_the_death_of_the_controller_at_each_step) {
  for (int steps = 0; steps < 12; ++steps) {
    TestBus bus;
    const auto members = join_many(bus, 4);
    members[2]->membership.relabel(label_of("new"), 1);
    for (int step = 0; step < steps; ++step)
      (void)members[static_cast<std::size_t>(step) % 3]->step();
    bus.kill(*members[0]);
    REQUIRE(bus.pass(milliseconds(600)));
    CHECK(members[2]->relabelled == std::vector<std::uint64_t>{1});
    CHECK(all_see(bus, members[2]->id, "new"));
    CHECK(is_whole(bus));
  }
}

TEST(relabel_survives_the_departure_of_the_controller) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  members[1]->membership.relabel(label_of("new"), 1);
  members[0]->membership.leave();
  REQUIRE(bus.pass(milliseconds(600)));
  CHECK(members[1]->relabelled == std::vector<std::uint64_t>{1});
  CHECK(sees(*members[2], members[1]->id, "new"));
}

TEST(relabel_of_a_killed_member_harms_nobody) {
  for (int steps = 0; steps < 6; ++steps) {
    TestBus bus;
    const auto members = join_many(bus, 3);
    members[1]->membership.relabel(label_of("new"), 1);
    for (int step = 0; step < steps; ++step)
      (void)members[static_cast<std::size_t>(step) % 2]->step();
    bus.kill(*members[1]);
    REQUIRE(bus.pass(milliseconds(100)));
    CHECK(!members[2]->sees(members[1]->id));
    CHECK(is_whole(bus));
  }
}

// A stopped controller is deposed for it, and the new one's members come over first.
TEST(relabel_deposes_a_controller_that_does_not_answer) {
  TestBus bus;
  const auto members = join_many(bus, 3);
  bus.stop(*members[0]);
  members[1]->membership.relabel(label_of("new"), 1);
  REQUIRE(bus.pass(milliseconds(1500)));
  CHECK(members[1]->relabelled == std::vector<std::uint64_t>{1});
  CHECK(sees(*members[2], members[1]->id, "new"));
  bus.resume(*members[0]);
  REQUIRE(bus.pass(milliseconds(600)));
  CHECK(all_see(bus, members[1]->id, "new"));
}

// Others that still read the former directory would see the old label.
TEST(relabel_waits_for_members_of_the_generation_before) {
  TestBus bus;
  const auto members = join_many(bus, 4);
  bus.kill(*members[0]);
  bus.stop(*members[3]);
  members[1]->membership.relabel(label_of("new"), 1);
  REQUIRE(bus.pass(milliseconds(200)));
  CHECK(members[1]->membership.admitted());
  CHECK(members[1]->relabelled.empty());
  bus.resume(*members[3]);
  REQUIRE(bus.pass(milliseconds(5)));
  CHECK(members[1]->relabelled == std::vector<std::uint64_t>{1});
  CHECK(all_see(bus, members[1]->id, "new"));
}

// The former controller has written the label, which a newcomer that takes office does not know: a
// member that has seen it never sees the old one again.
TEST(relabel_is_not_forgotten_by_those_who_have_seen_it) {
  TestBus bus;
  const auto members = join_many(bus, 4);
  // It knows an older generation only.
  bus.stop(*members[1]);
  bus.kill(*members[0]);
  REQUIRE(bus.pass(milliseconds(600)));
  TestMember* second = bus.controller();
  REQUIRE(second != nullptr);
  TestMember* relabelled = second == members[2] ? members[3] : members[2];
  relabelled->membership.relabel(label_of("new"), 1);
  REQUIRE(bus.pass(milliseconds(5)));
  REQUIRE_EQ(relabelled->relabelled.size(), 1);
  TestMember& witness = bus.join();
  CHECK(sees(witness, relabelled->id, "new"));
  bus.stop(*relabelled);
  bus.kill(*second);
  bus.stop(witness);
  bus.resume(*members[1]);
  REQUIRE(bus.pass(milliseconds(2)));
  CHECK(bus.controller() == members[1]);
  CHECK(!sees(*members[1], relabelled->id, "new"));
  bus.resume(witness);
  REQUIRE(bus.pass(milliseconds(300)));
  CHECK_EQ(witness.changes.back().generation, members[1]->changes.back().generation);
  CHECK(sees(witness, relabelled->id, "new"));
  bus.resume(*relabelled);
  REQUIRE(bus.pass(milliseconds(50)));
  CHECK(all_see(bus, relabelled->id, "new"));
}

TEST(relabel_floods_change_the_directory_once_a_millisecond) {
  TestBus bus;
  const auto members = join_many(bus, 2);
  RawMember raw(bus, 500);
  const std::uint64_t before = members[1]->directory->epoch();
  std::uint64_t revision = 0;
  for (int ms = 0; ms < 20; ++ms) {
    for (int i = 0; i < 10; ++i) {
      raw.client.send(RelabelFrame{++revision, label_of("flood " + std::to_string(revision))});
      REQUIRE(bus.settle());
    }
    bus.world.advance(milliseconds(1));
  }
  REQUIRE(bus.pass(milliseconds(5)));
  CHECK(members[1]->directory->epoch() - before <= 25);
  CHECK(sees(*members[1], raw.id, "flood " + std::to_string(revision)));
}

// The frame has no place for an id; what is wrong with one costs its sender the connection.
TEST(relabel_by_a_hostile_member_changes_its_own_label_only) {
  TestBus bus;
  const auto members = join_many(bus, 2);
  REQUIRE(members[0]->sees(members[1]->id));
  const Label before = members[0]->directory->find(members[1]->id)->label;
  {
    RawMember raw(bus, 500);
    raw.client.send(RelabelFrame{5, label_of("mine")});
    REQUIRE(bus.pass(milliseconds(2)));
    CHECK(sees(*members[0], raw.id, "mine"));
    CHECK_EQ(raw.client.receive<RelabelledFrame>()->revision, 5);
    // Backwards, and the answer that only a controller gives.
    raw.client.send(RelabelFrame{4, label_of("older")});
    REQUIRE(bus.settle());
    CHECK(raw.client.closed());
    CHECK(!members[0]->sees(raw.id));
  }
  {
    RawMember raw(bus, 501);
    raw.client.send(RelabelledFrame{1});
    REQUIRE(bus.settle());
    CHECK(raw.client.closed());
  }
  {
    RawMember raw(bus, 502);
    auto bytes = encode_frame(RelabelFrame{1, label_of("x")});
    bytes.push_back(std::byte{200});
    raw.client.send_bytes(bytes);
    REQUIRE(bus.settle());
    CHECK(raw.client.closed());
  }
  {
    // With the id and the instance of another process's member, and a label for it.
    RawControlClient thief(bus.world.start_process(503));
    thief.hello();
    REQUIRE(bus.settle());
    REQUIRE(thief.challenged());
    const Member& victim = *members[0]->directory->find(members[1]->id);
    AnnounceFrame announce = thief.announcement(victim.instance, victim.id);
    announce.label = label_of("stolen");
    announce.label_revision = 99;
    thief.send(announce);
    REQUIRE(bus.settle());
    const auto welcome = thief.receive<WelcomeFrame>();
    REQUIRE(welcome.has_value());
    CHECK(welcome->id != members[1]->id);
  }
  {
    // A stranger.
    RawControlClient stranger(bus.world.start_process(504));
    stranger.hello();
    REQUIRE(bus.settle());
    REQUIRE(stranger.challenged());
    stranger.send(RelabelFrame{1, label_of("stranger")});
    REQUIRE(bus.settle());
    CHECK(stranger.closed());
  }
  CHECK(members[0]->sees(members[1]->id));
  CHECK(members[0]->directory->find(members[1]->id)->label == before);
}

TEST(relabel_answers_of_a_hostile_controller_end_its_connection) {
  for (const std::uint64_t revision : {0U, 2U, 99U}) {
    TestBus bus;
    Platform& platform = bus.world.start_process(90);
    auto rendezvous = platform.open_rendezvous("test.bus").take();
    auto listener = rendezvous->claim().take();
    TestMember& member = bus.start();
    for (int step = 0; step < 20; ++step) (void)member.step();
    auto accepted = listener->accept();
    REQUIRE(accepted.ok());
    RawControlClient controller(platform, accepted.take());
    const auto hello = controller.receive<HelloFrame>();
    REQUIRE(hello.has_value());
    controller.challenge(*hello);
    for (int step = 0; step < 20; ++step) (void)member.step();
    REQUIRE(controller.receive<AnnounceFrame>().has_value());
    auto directory = DirectoryWriter::create(platform, 1, 1).take();
    controller.send_with(WelcomeFrame{7, 1, kDirectoryBytes}, directory->handle());
    for (int step = 0; step < 20; ++step) (void)member.step();
    REQUIRE_EQ(member.id, 7);
    if (revision != 0) member.membership.relabel(label_of("new"), 1);
    for (int step = 0; step < 20; ++step) (void)member.step();
    controller.send(RelabelledFrame{revision});
    for (int step = 0; step < 20; ++step) (void)member.step();
    CHECK(member.relabelled.empty());
    CHECK(!member.membership.admitted());
  }
}

}  // namespace busbar::test
