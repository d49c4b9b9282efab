// Messages whose payloads share spills, between whole endpoints: in order, whole, to each receiver,
// back from a dead one, and bounded.
#include <algorithm>
#include <array>
#include <vector>

#include "endpoint/endpoint_harness.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::size_t kSharedBytes = 40'000;
// Some go into the ring, some wait for it, some share a spill.
constexpr std::array<std::size_t, 6> kMixedSizes{100, 3000, 4095, 4096, 16'384, 100'000};
constexpr std::size_t kEachSize = 100;

// As in a program that sets nothing: the harness's ring is too small for shared spills to matter.
JoinOptions usual() { return {}; }

std::vector<std::byte> payload_of(std::size_t number, std::size_t bytes = kSharedBytes) {
  return std::vector<std::byte>(bytes, static_cast<std::byte>(number));
}

bool is_payload(const std::vector<std::byte>& payload, std::size_t number, std::size_t bytes) {
  return payload == payload_of(number, bytes);
}

struct Bus {
  LoopbackWorld world;
  TestEndpoint sender{world, 1, "sender", usual()};
  TestEndpoint first{world, 2, "receiver", usual()};
  TestEndpoint second{world, 3, "receiver", usual()};
  std::vector<TestEndpoint*> all{&sender, &first, &second};

  Bus() { run(world, all); }

  // How many of `count` are accepted.
  std::size_t send(std::string_view label, std::size_t count, std::size_t bytes = kSharedBytes,
                   bool unicast = true) {
    const std::uint32_t route = sender.endpoint->add_route(leaf(label), unicast, true);
    for (std::size_t number = 0; number < count; ++number) {
      const std::vector<std::byte> payload = payload_of(number, bytes);
      SendRequest request;
      request.route = route;
      request.payload = payload;
      if (!sender.endpoint->send(request).error.ok()) return number;
    }
    return count;
  }
};

}  // namespace

// The receiver sleeps, and the sender's turn, at whose end it would be rung anyway, does not end.
TEST(spilled_bytes_count_when_a_sender_decides_to_ring_in_its_turn) {
  Bus bus;
  bus.send("receiver", 2, 100, false);
  run(bus.world, bus.all);
  REQUIRE_EQ(bus.first.received.size(), 2);
  bus.send("receiver", 1, 100, false);
  bus.first.turn();
  CHECK_EQ(bus.first.received.size(), 2);
  run(bus.world, bus.all);
  REQUIRE_EQ(bus.first.received.size(), 3);
  bus.send("receiver", 1, kSharedBytes, false);
  bus.first.turn();
  CHECK_EQ(bus.first.received.size(), 4);
}

TEST(shared_spills_take_one_copy_to_every_receiver_in_order) {
  Bus bus;
  CHECK_EQ(bus.send("receiver", 60, kSharedBytes, false), 60);
  run(bus.world, bus.all);
  for (TestEndpoint* receiver : {&bus.first, &bus.second}) {
    REQUIRE(receiver->received.size() == 60);
    for (std::size_t i = 0; i < 60; ++i)
      CHECK(is_payload(receiver->received[i].payload, i, kSharedBytes));
  }
}

TEST(shared_spills_and_the_ring_keep_their_common_order) {
  Bus bus;
  bus.first.reads = false;
  bus.second.reads = false;
  // Fills the rings, and what follows cannot wait there.
  for (const std::size_t bytes : kMixedSizes)
    CHECK_EQ(bus.send("receiver", kEachSize, bytes, false), kEachSize);
  bus.first.reads = true;
  bus.second.reads = true;
  run(bus.world, bus.all, milliseconds(2000));
  for (TestEndpoint* receiver : {&bus.first, &bus.second}) {
    REQUIRE(receiver->received.size() == kMixedSizes.size() * kEachSize);
    std::size_t at = 0;
    for (const std::size_t bytes : kMixedSizes) {
      for (std::size_t i = 0; i < kEachSize; ++i)
        CHECK(is_payload(receiver->received[at++].payload, i, bytes));
    }
  }
}

TEST(shared_spills_of_a_dead_receiver_go_whole_to_another_one) {
  Bus bus;
  bus.first.reads = false;
  bus.second.reads = false;
  CHECK_EQ(bus.send("receiver", 40), 40);
  bus.world.kill(2);
  bus.second.reads = true;
  run(bus.world, bus.all, milliseconds(2000));
  REQUIRE(bus.second.received.size() == 40);
  std::vector<bool> seen(40);
  for (const TestEndpoint::Message& message : bus.second.received) {
    const auto number = static_cast<std::size_t>(message.payload.at(0));
    CHECK(is_payload(message.payload, number, kSharedBytes));
    seen.at(number) = true;
  }
  CHECK(std::all_of(seen.begin(), seen.end(), [](bool each) { return each; }));
}

TEST(shared_spills_nobody_took_are_reported_whole) {
  Bus bus;
  bus.first.reads = false;
  bus.second.reads = false;
  CHECK_EQ(bus.send("receiver", 20, kSharedBytes, false), 20);
  bus.world.kill(2);
  run(bus.world, bus.all);
  REQUIRE(bus.sender.undelivered.size() == 20);
  for (std::size_t i = 0; i < 20; ++i)
    CHECK(is_payload(bus.sender.undelivered[i].payload, i, kSharedBytes));
}

TEST(shared_spills_wait_for_a_receiver_within_the_limit_of_its_queue) {
  Bus bus;
  bus.first.reads = false;
  bus.second.reads = false;
  const std::uint64_t limit = usual().queue_bytes + usual().ring_bytes;
  for (const std::size_t bytes : {std::size_t{1000}, kSharedBytes}) {
    const std::size_t accepted = bus.send("receiver", 1'000'000, bytes, false);
    CHECK(accepted * bytes <= limit);
    CHECK(accepted * bytes >= usual().queue_bytes / 2);
    bus.first.reads = true;
    bus.second.reads = true;
    run(bus.world, bus.all, milliseconds(3000));
    CHECK_EQ(bus.first.received.size(), accepted);
    CHECK_EQ(bus.second.received.size(), accepted);
    for (TestEndpoint* receiver : {&bus.first, &bus.second}) {
      receiver->received.clear();
      receiver->reads = false;
    }
  }
}

}  // namespace busbar::test
