// The order of bad news: a member is said to have left after every message that it did not take was
// reported, whether the directory or the member's link shows first that it is gone.
#include <array>
#include <span>
#include <vector>

#include "endpoint/endpoint_harness.h"
#include "endpoint/observer_harness.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::size_t kMessages = 5;

// A controller, a sender that wants to hear of members, and a receiver that reads nothing.
struct Trio {
  Trio() : controller(world, 100, "controller"), sender(world, 101, "sender") {
    run(world, std::array{&controller, &sender});
    (void)sender.endpoint->report_members(true);
    receiver = std::make_unique<TestEndpoint>(world, 102, "receiver");
    receiver->reads = false;
    run_all();
    id = receiver->endpoint->id();
  }

  void run_all() { run(world, std::array{&controller, &sender, receiver.get()}); }
  void run_others() { run(world, std::array{&controller, &sender}); }
  void send(std::size_t count, bool unicast = true) {
    const std::vector<std::byte> payload(100);
    for (std::size_t i = 0; i < count; ++i) {
      CHECK_EQ(sender.endpoint->send(sender.request_to("receiver", payload, unicast)).receivers,
               1U);
    }
  }
  [[nodiscard]] bool is_listed() {
    for (const Member& member : sender.endpoint->members()) {
      if (member.id == id) return true;
    }
    return false;
  }
  void check_left_after(std::size_t undelivered) {
    CHECK_EQ(sender.undelivered.size(), undelivered);
    if (CHECK_EQ(sender.left.size(), 1)) {
      CHECK_EQ(sender.left[0].id, id);
      CHECK_EQ(sender.left[0].undelivered, undelivered);
    }
  }

  LoopbackWorld world{1};
  TestEndpoint controller;
  TestEndpoint sender;
  std::unique_ptr<TestEndpoint> receiver;
  std::uint64_t id = 0;
};

}  // namespace

TEST(departure_of_a_killed_member_comes_after_its_undelivered_messages) {
  for (const bool unicast : {true, false}) {
    Trio bus;
    bus.send(kMessages, unicast);
    bus.run_all();
    bus.world.kill(102);
    bus.run_others();
    bus.check_left_after(kMessages);
  }
}

// It is removed from the directory, and stopped before it closes its links.
TEST(departure_waits_for_the_link_of_a_member_that_is_no_longer_listed) {
  Trio bus;
  bus.send(kMessages);
  bus.run_all();
  bus.receiver->endpoint->close(milliseconds(0));
  while (bus.is_listed()) {
    (void)bus.receiver->endpoint->serve();
    if (bus.receiver->closed) break;
    (void)bus.controller.endpoint->serve();
  }
  bus.run_others();
  CHECK(!bus.is_listed());
  CHECK(bus.sender.left.empty());
  CHECK(bus.sender.undelivered.empty());
  bus.run_all();
  bus.check_left_after(kMessages);
}

// The link ends first: the directory follows when the controller runs again.
TEST(departure_comes_with_the_directory_if_the_link_has_ended_before) {
  Trio bus;
  bus.send(kMessages);
  bus.run_all();
  bus.world.kill(102);
  run(bus.world, std::array{&bus.sender});
  CHECK_EQ(bus.sender.undelivered.size(), kMessages);
  CHECK(bus.sender.left.empty());
  bus.run_others();
  bus.check_left_after(kMessages);
}

TEST(departure_of_a_member_without_a_link_is_reported_at_once) {
  Trio bus;
  bus.world.kill(102);
  bus.run_others();
  bus.check_left_after(0);
}

// Before the control thread has heard of it from the directory.
TEST(arrival_is_reported_before_anything_is_sent_there) {
  Trio bus;
  TestEndpoint late(bus.world, 103, "late");
  late.reads = false;
  run(bus.world, std::array{&bus.controller, &late});
  const std::vector<std::byte> payload(10);
  CHECK_EQ(bus.sender.endpoint->send(bus.sender.request_to("late", payload)).receivers, 1U);
  const std::uint64_t id = late.endpoint->id();
  bus.world.kill(103);
  bus.run_all();
  if (CHECK(!bus.sender.joined.empty())) CHECK_EQ(bus.sender.joined.back(), id);
  CHECK_EQ(bus.sender.undelivered.size(), 1);
  if (CHECK_EQ(bus.sender.left.size(), 1)) CHECK_EQ(bus.sender.left[0].undelivered, 1);
}

// Links lead to observers, too.
TEST(arrival_and_departure_of_an_observer_are_not_reported) {
  Trio bus;
  bus.receiver->reads = true;
  TestObserver observer(bus.world, 103);
  const auto run_all = [&] {
    run(bus.world,
        std::array{&bus.controller, &bus.sender, bus.receiver.get(), &observer.endpoint});
  };
  run_all();
  bus.sender.joined.clear();
  bus.send(kMessages);
  run_all();
  CHECK_EQ(observer.seen.size(), kMessages);
  bus.world.kill(103);
  bus.run_all();
  CHECK(bus.sender.endpoint->observers().empty());
  CHECK(bus.sender.joined.empty());
  CHECK(bus.sender.left.empty());
}

}  // namespace busbar::test
