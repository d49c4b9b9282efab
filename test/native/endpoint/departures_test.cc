// The order of bad news: a member is said to have left after every message that it did not take was
// reported, whether the directory or the member's link shows first that it is gone; and to have
// ended after every message that it had sent was received.
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

namespace {

// A controller, a reader that wants to hear of members, and a peer that has sent it some messages.
struct Readers {
  Readers() : controller(world, 100, "controller"), reader(world, 101, "reader") {
    reader.reads = false;
    peer = std::make_unique<TestEndpoint>(world, 102, "peer");
    run_all();
    id = peer->endpoint->id();
  }

  void watch() { (void)reader.endpoint->report_members(true); }
  void run_all() { run(world, std::array{&controller, &reader, peer.get()}); }
  void send(std::size_t count, std::size_t bytes = 100) {
    const std::vector<std::byte> payload(bytes);
    for (std::size_t i = 0; i < count; ++i)
      CHECK_EQ(peer->endpoint->send(peer->request_to("reader", payload)).receivers, 1U);
    run_all();
  }
  void kill() {
    world.kill(102);
    run(world, std::array{&controller, &reader});
  }
  void read() {
    reader.reads = true;
    run(world, std::array{&controller, &reader});
  }
  void check_ended_after(std::size_t messages) {
    CHECK_EQ(reader.received.size(), messages);
    if (CHECK_EQ(reader.ended.size(), 1)) {
      CHECK_EQ(reader.ended[0].id, id);
      CHECK_EQ(reader.ended[0].received, messages);
    }
  }

  LoopbackWorld world{1};
  TestEndpoint controller;
  TestEndpoint reader;
  std::unique_ptr<TestEndpoint> peer;
  std::uint64_t id = 0;
};

}  // namespace

// More than the reader takes in one batch.
TEST(peer_has_ended_when_its_last_message_was_received) {
  Readers bus;
  bus.watch();
  bus.send(200);
  bus.kill();
  CHECK_EQ(bus.reader.left.size(), 1);
  CHECK(bus.reader.ended.empty());
  bus.read();
  bus.check_ended_after(200);
}

TEST(peer_that_closes_has_ended_when_its_last_message_was_received) {
  Readers bus;
  bus.watch();
  bus.send(200);
  bus.peer->endpoint->close(milliseconds(0));
  bus.run_all();
  CHECK_EQ(bus.reader.left.size(), 1);
  CHECK(bus.reader.ended.empty());
  bus.read();
  bus.check_ended_after(200);
}

// A message with a buffer of its own ends the batch before the link is known to be empty.
TEST(peer_has_ended_when_its_last_large_message_was_received) {
  Readers bus;
  bus.watch();
  bus.send(3, 40'000);
  bus.kill();
  bus.read();
  bus.check_ended_after(3);
}

TEST(peer_that_has_sent_nothing_has_ended_when_it_has_left) {
  Readers bus;
  bus.watch();
  bus.run_all();
  bus.kill();
  CHECK_EQ(bus.reader.left.size(), 1);
  bus.check_ended_after(0);
}

// All of its messages were read before it died.
TEST(peer_whose_link_is_empty_has_ended_when_it_has_left) {
  Readers bus;
  bus.watch();
  bus.reader.reads = true;
  bus.send(5);
  bus.kill();
  CHECK_EQ(bus.reader.left.size(), 1);
  bus.check_ended_after(5);
}

// It is said to have ended although nobody has heard of it: what it has sent is not the last word
// of a living peer.
TEST(peer_that_was_gone_before_the_program_asked_has_ended_nevertheless) {
  Readers bus;
  bus.send(5);
  bus.kill();
  bus.watch();
  bus.run_all();
  CHECK(bus.reader.ended.empty());
  bus.read();
  CHECK(bus.reader.left.empty());
  bus.check_ended_after(5);
}

TEST(peer_has_not_ended_while_its_last_message_is_borrowed) {
  Readers bus;
  bus.watch();
  bus.send(1);
  bus.kill();
  ReceivedMessage message;
  std::span<const std::byte> payload;
  (void)bus.reader.endpoint->collect_bells();
  CHECK(bus.reader.endpoint->borrow(message, payload));
  // Nothing is left to read, but somebody reads in it.
  run(bus.world, std::array{&bus.controller, &bus.reader});
  CHECK(bus.reader.ended.empty());
  bus.reader.endpoint->return_borrowed();
  bus.read();
  bus.check_ended_after(0);
}

}  // namespace busbar::test
