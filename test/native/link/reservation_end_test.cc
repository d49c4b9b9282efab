// A place in a ring is reserved, messages queue behind it, and then the link ends, in every
// possible way: every message arrives unchanged, with its delivery, whatever happens to the
// reservation.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "endpoint/endpoint_harness.h"
#include "support/check.h"

namespace busbar::test {
namespace {

enum class LinkEnd : std::uint8_t { Dies, Leaves, IsTooSlow, IsLeft };

constexpr std::uint32_t kReservingProcess = 11;
constexpr std::uint32_t kFirstWorker = 12;
constexpr std::uint32_t kSecondWorker = 13;
constexpr std::size_t kReservedBytes = 100;

// The number decides whether the payload goes into a spill, into the queue, or into a reservation.
std::vector<std::byte> numbered_payload(std::uint64_t number) {
  constexpr std::size_t kSizes[] = {400'000, 50, 400'000, 2'000, 400'000};
  return std::vector<std::byte>(kSizes[number % std::size(kSizes)], static_cast<std::byte>(number));
}

struct ReservationScene {
  LoopbackWorld world;
  TestEndpoint sender{world, kReservingProcess, "sender",
                      JoinOptions{.ring_bytes = 64U << 10U, .queue_bytes = 2U << 20U}};
  TestEndpoint first{world, kFirstWorker, "worker"};
  std::unique_ptr<TestEndpoint> second;
  Reservation place;
  std::vector<std::uint64_t> deliveries;
  std::vector<std::vector<std::byte>> sent;

  void run(milliseconds time = milliseconds(200)) {
    std::vector<TestEndpoint*> all{&sender, &first};
    if (second != nullptr) all.push_back(second.get());
    busbar::test::run(world, all, time);
  }

  Status send(std::uint64_t number, WhenFull policy = WhenFull::Refuse) {
    const std::vector<std::byte> payload = numbered_payload(number);
    SendRequest request = sender.request_to("worker", payload);
    request.ttl_ms = 60'000;
    request.acknowledge = Acknowledge::Taken;
    request.when_full = policy;
    const SendOutcome outcome = sender.endpoint->send(request);
    if (!outcome.error.ok()) return outcome.error.status;
    deliveries.push_back(outcome.delivery);
    sent.push_back(payload);
    return Status::Ok;
  }

  // One message is in the ring and a place is reserved behind it; others queue behind that.
  bool begin() {
    run();
    if (!CHECK_EQ(send(0), Status::Ok)) return false;
    run();
    if (!CHECK_EQ(first.received.size(), 1)) return false;
    first.reads = false;
    deliveries.clear();
    sent.clear();
    const std::uint32_t route = sender.request_to("worker", {}).route;
    if (!CHECK(sender.endpoint->reserve(route, kReservedBytes, place).error.ok())) return false;
    if (!CHECK(place.link_id != 0)) return false;
    std::memset(place.place.data(), 0x77, place.place.size());
    for (std::uint64_t number = 1; number <= 4; ++number)
      if (!CHECK_EQ(send(number), Status::Ok)) return false;
    return true;
  }

  void end(LinkEnd how) {
    switch (how) {
      case LinkEnd::Dies:
        world.kill(kFirstWorker);
        break;
      case LinkEnd::Leaves:
        first.endpoint->close(milliseconds(0));
        break;
      case LinkEnd::IsTooSlow:
        for (std::uint64_t number = 5;; ++number) {
          // The last one may be refused: the waiting messages may fill the next queue or the parked
          // list.
          const Status status = send(number, WhenFull::Disconnect);
          if (sender.endpoint->counters().sent.disconnected != 0) break;
          if (!CHECK_EQ(status, Status::Ok)) return;
        }
        break;
      case LinkEnd::IsLeft:
        sender.endpoint->close(milliseconds(1000));
        break;
    }
    run();
  }

  // All messages sent arrived in order, among those of the second receiver.
  void check_arrived(std::size_t reserved) {
    REQUIRE_EQ(second->received.size(), sent.size() + reserved);
    std::size_t next = 0;
    for (const TestEndpoint::Message& message : second->received) {
      if (message.payload == std::vector<std::byte>(kReservedBytes, std::byte{0x77})) continue;
      REQUIRE(next < sent.size());
      CHECK(message.payload == sent[next]);
      ++next;
    }
    CHECK_EQ(next, sent.size());
    for (const std::uint64_t delivery : deliveries) {
      const auto is_it = [delivery](const DeliveryResult& each) {
        return each.delivery == delivery && each.delivered == 1 && each.failures.empty();
      };
      CHECK_EQ(std::ranges::count_if(sender.deliveries, is_it), 1);
    }
    CHECK(sender.undelivered.empty());
    CHECK_EQ(second->violations, 0);
  }
};

void check_link_end(LinkEnd how, bool commits, bool successor_is_there) {
  ReservationScene scene;
  if (!scene.begin()) return;
  if (successor_is_there) {
    scene.second = std::make_unique<TestEndpoint>(scene.world, kSecondWorker, "worker");
    scene.run(milliseconds(20));
  }
  scene.end(how);
  if (!commits) scene.sender.endpoint->cancel(scene.place);
  if (!successor_is_there)
    scene.second = std::make_unique<TestEndpoint>(scene.world, kSecondWorker, "worker");
  scene.run();
  if (commits) CHECK(scene.sender.endpoint->commit(scene.place, Uuid{}, 0).error.ok());
  scene.run();
  scene.check_arrived(commits ? 1 : 0);
}

}  // namespace

TEST(reservation_open_while_its_link_ends_changes_no_other_message) {
  for (const LinkEnd how : {LinkEnd::Dies, LinkEnd::Leaves, LinkEnd::IsTooSlow}) {
    for (const bool commits : {true, false}) {
      for (const bool there : {true, false}) {
        // The second receiver would be too slow as well.
        if (there && how == LinkEnd::IsTooSlow) continue;
        const int before = check::failure_count();
        check_link_end(how, commits, there);
        if (check::failure_count() != before)
          CHECK_EQ(std::to_string(static_cast<int>(how)) + (commits ? " commits" : " cancels"), "");
      }
    }
  }
}

// Messages sent before a close still have the linger time, once the reservation is given up.
TEST(reservation_open_while_its_sender_closes_holds_nothing_back) {
  for (const bool commits : {true, false}) {
    ReservationScene scene;
    REQUIRE(scene.begin());
    scene.end(LinkEnd::IsLeft);
    CHECK(!scene.sender.closed);
    if (commits) {
      CHECK_EQ(scene.sender.endpoint->commit(scene.place, Uuid{}, 0).error.status, Status::Closed);
    } else {
      scene.sender.endpoint->cancel(scene.place);
    }
    scene.first.reads = true;
    scene.run();
    CHECK_EQ(scene.first.received.size(), 1 + scene.sent.size());
    CHECK(scene.sender.closed);
    CHECK_EQ(scene.sender.abandoned, 0);
  }
}

// If it is not given up, they are counted as abandoned, without the reserved message.
TEST(reservation_never_given_up_is_not_counted_as_abandoned) {
  ReservationScene scene;
  REQUIRE(scene.begin());
  scene.end(LinkEnd::IsLeft);
  scene.run(milliseconds(5000));
  CHECK(scene.sender.closed);
  CHECK_EQ(scene.sender.abandoned, 4);
  scene.sender.endpoint->cancel(scene.place);
}

// A message with a key may be sent at once while all other room is used up, but not into the
// reserved place.
TEST(reservation_is_not_moved_by_a_message_with_a_key) {
  LoopbackWorld world;
  TestEndpoint sender(
      world, kReservingProcess, "sender",
      JoinOptions{.ring_bytes = 16U << 10U, .queue_bytes = 16U << 10U, .total_queue_bytes = 1});
  TestEndpoint worker(world, kFirstWorker, "worker");
  TestEndpoint stuck(world, kSecondWorker, "stuck");
  TestEndpoint* const all[] = {&sender, &worker, &stuck};
  run(world, all);
  const std::vector<std::byte> payload(3000, std::byte{1});
  CHECK(sender.endpoint->send(sender.request_to("worker", payload)).error.ok());
  // A message queues for another receiver and uses up the budget.
  CHECK(sender.endpoint->send(sender.request_to("stuck", payload)).error.ok());
  run(world, all);
  stuck.reads = false;
  while (sender.endpoint->send(sender.request_to("stuck", payload)).error.ok()) {
  }
  Reservation place;
  const std::uint32_t route = sender.request_to("worker", {}).route;
  // Near the ring's end, where a large record needs a pad before it and a small record none.
  for (int i = 0; i < 4; ++i) {
    CHECK(sender.endpoint->send(sender.request_to("worker", payload)).error.ok());
    run(world, all, milliseconds(10));
  }
  REQUIRE(sender.endpoint->reserve(route, 2000, place).error.ok());
  REQUIRE(place.link_id != 0);
  std::memset(place.place.data(), 7, place.place.size());
  SendRequest keyed = sender.request_to("worker", std::span(payload).first(8));
  keyed.key = "k";
  CHECK_EQ(sender.endpoint->send(keyed).error.status, Status::QueueFull);
  CHECK(sender.endpoint->commit(place, Uuid{}, 0).error.ok());
  run(world, all);
  CHECK_EQ(worker.violations, 0);
  REQUIRE(!worker.received.empty());
  const auto is_committed = [](const TestEndpoint::Message& message) {
    return message.payload == std::vector<std::byte>(2000, std::byte{7});
  };
  CHECK_EQ(std::ranges::count_if(worker.received, is_committed), 1);
}

TEST(reservation_and_send_agree_about_an_unknown_route) {
  LoopbackWorld world;
  TestEndpoint sender(world, kReservingProcess, "sender");
  TestEndpoint* const all[] = {&sender};
  run(world, all);
  SendRequest request;
  request.route = 77;
  CHECK_EQ(sender.endpoint->send(request).error.status, Status::InvalidSelector);
  Reservation place;
  CHECK_EQ(sender.endpoint->reserve(77, 8, place).error.status, Status::InvalidSelector);
}

}  // namespace busbar::test
