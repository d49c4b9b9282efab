// The time of an observation is that of the beginning: what a message brings about is never earlier
// than the message. The sender's clock here looks, each time that it is read, whether the receiver
// has the message already.
#include <chrono>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "endpoint/observer_harness.h"
#include "support/check.h"
#include "support/forwarding_platform.h"

namespace busbar::test {
namespace {

constexpr std::uint32_t kWatchedSender = 1;
constexpr std::uint32_t kWatchedReceiver = 2;
constexpr std::uint32_t kWatchingObserver = 3;

std::uint64_t clock_nanoseconds(TimePoint time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

class WatchfulClock final : public ForwardingPlatform {
 public:
  WatchfulClock(LoopbackWorld& world, std::uint32_t process)
      : ForwardingPlatform(world.start_process(process)), world_(world) {}

  // No two looks have the same time.
  [[nodiscard]] TimePoint now() const noexcept override {
    world_.advance(std::chrono::nanoseconds(1));
    if (on_look) on_look();
    return ForwardingPlatform::now();
  }

  std::function<void()> on_look;

 private:
  LoopbackWorld& world_;
};

struct WatchedScene {
  WatchedScene() {
    world.set_cpu(kWatchedReceiver, 1);
    receiver.sleeps = false;
    run();
  }

  void run() {
    std::vector<TestEndpoint*> all{&sender, &receiver, &observer.endpoint};
    test::run(world, all, milliseconds(50));
  }

  // Does this, and returns a time at which `by` had certainly not got a message yet, and one at
  // which it had.
  std::uint64_t arrival_at(TestEndpoint& by, const std::function<void()>& deed) {
    const std::size_t before = by.received.size();
    std::uint64_t arrival = 0;
    const auto look = [&] {
      // It finds what is there in the first turn, and takes it in the second.
      for (int turn = 0; turn < 3; ++turn) by.turn();
      if (arrival == 0 && by.received.size() > before) arrival = clock_nanoseconds(world.now());
    };
    clock.on_look = look;
    deed();
    clock.on_look = nullptr;
    world.advance(std::chrono::nanoseconds(1));
    sender.endpoint->flush_bells();
    look();
    run();
    CHECK(arrival != 0);
    return arrival;
  }

  LoopbackWorld world{7};
  WatchfulClock clock{world, kWatchedSender};
  TestEndpoint sender{world,
                      kWatchedSender,
                      "sender",
                      {.ring_bytes = 64U << 10U},
                      {.observes = {}, .platform = &clock}};
  TestEndpoint receiver{world, kWatchedReceiver, "receiver"};
  TestObserver observer{world, kWatchingObserver};
};

}  // namespace

TEST(observation_of_a_message_has_the_time_before_it_is_sent) {
  WatchedScene scene;
  Endpoint& endpoint = *scene.sender.endpoint;
  const std::vector<std::byte> small(10);
  const std::vector<std::byte> large(200'000);
  SendRequest one = scene.sender.request_to("receiver", small);
  SendRequest all = scene.sender.request_to("receiver", small, false);
  SendRequest spilled = scene.sender.request_to("receiver", large);
  SendRequest promised = one;
  promised.acknowledge = Acknowledge::Taken;
  // The first one opens the link.
  CHECK(endpoint.send(one).error.ok());
  scene.run();
  REQUIRE_EQ(scene.observer.seen.size(), 1);
  for (const SendRequest& request : {one, all, spilled, promised}) {
    const std::size_t before = scene.observer.seen.size();
    const std::uint64_t arrival =
        scene.arrival_at(scene.receiver, [&] { CHECK_EQ(endpoint.send(request).receivers, 1); });
    REQUIRE_EQ(scene.observer.seen.size(), before + 1);
    CHECK(scene.observer.seen.back().head.time_ns < arrival);
    CHECK(scene.observer.seen.back().head.time_ns > scene.observer.seen[before - 1].head.time_ns);
  }
}

TEST(observation_of_a_place_in_a_ring_has_the_time_before_the_commit) {
  WatchedScene scene;
  Endpoint& endpoint = *scene.sender.endpoint;
  const std::uint32_t route = scene.sender.request_to("receiver", {}).route;
  const auto send = [&] {
    Reservation place;
    CHECK(endpoint.reserve(route, 5, place).error.ok());
    CHECK(endpoint.commit(place, Uuid(), 0).error.ok());
  };
  send();
  scene.run();
  const std::uint64_t arrival = scene.arrival_at(scene.receiver, send);
  REQUIRE_EQ(scene.observer.seen.size(), 2);
  CHECK(scene.observer.seen[1].head.time_ns < arrival);
}

TEST(observation_of_a_message_that_has_waited_has_the_time_before_it_goes) {
  WatchedScene scene;
  Endpoint& endpoint = *scene.sender.endpoint;
  // Over a link that is there, so that it arrives at once.
  CHECK(endpoint.send(scene.sender.request_to("receiver", {})).error.ok());
  SendRequest waiting = scene.sender.request_to("late", {});
  waiting.ttl_ms = 60'000;
  CHECK(endpoint.send(waiting).error.ok());
  scene.run();
  REQUIRE_EQ(scene.observer.seen.size(), 1);
  const std::uint64_t asked = clock_nanoseconds(scene.world.now());
  const std::uint64_t arrival = scene.arrival_at(scene.receiver, [&] {
    CHECK(scene.receiver.endpoint->relabel(label_of("late")).ok());
    scene.run();
  });
  REQUIRE_EQ(scene.observer.seen.size(), 2);
  CHECK(scene.observer.seen[1].head.time_ns < arrival);
  CHECK(scene.observer.seen[1].head.time_ns > asked);
}

}  // namespace busbar::test
