// The ledger of a region has a fixed number of slots: a message with the region goes to all its
// receivers or is refused, links with nothing in flight release their slots, and no link waits for
// a slot that never comes.
#include <algorithm>
#include <memory>
#include <vector>

#include "endpoint/endpoint_harness.h"
#include "support/check.h"

namespace busbar::test {
namespace {

struct SlotScene {
  LoopbackWorld world;
  TestEndpoint sender{world, 11, "sender"};
  std::vector<std::unique_ptr<TestEndpoint>> viewers;
  std::shared_ptr<MemoryRegion> region;
  std::vector<RegionLedger::Slot> taken;

  explicit SlotScene(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i)
      viewers.push_back(std::make_unique<TestEndpoint>(world, 20 + i, "viewer"));
    run();
    region = sender.regions.create(4096, Access::ReadWrite).take();
    region->hold();
  }

  void run(milliseconds time = milliseconds(300)) {
    std::vector<TestEndpoint*> all{&sender};
    for (const auto& viewer : viewers) all.push_back(viewer.get());
    busbar::test::run(world, all, time);
  }

  // Another process takes all slots except `free`.
  void leave_slots(std::size_t free) {
    const std::uint64_t other = sender.regions.self();
    for (auto slot = region->ledger().claim_held(other); slot;
         slot = region->ledger().claim_held(other))
      taken.push_back(slot.value());
    while (free-- > 0) give_back();
  }
  void give_back() {
    region->ledger().free_slot(taken.back());
    taken.pop_back();
  }

  SendOutcome send(std::uint64_t ttl_ms = 0) {
    const std::vector<std::byte> payload(8);
    const RegionRange ranges[] = {{region, 0, 4096}};
    SendRequest request = sender.request_to("viewer", payload, false);
    request.regions = ranges;
    request.ttl_ms = ttl_ms;
    return sender.endpoint->send(request);
  }

  std::vector<std::size_t> received() const {
    std::vector<std::size_t> counts;
    for (const auto& viewer : viewers) counts.push_back(viewer->received.size());
    return counts;
  }
};

using ReceivedCounts = std::vector<std::size_t>;

}  // namespace

TEST(region_slots_that_are_too_few_refuse_a_message_for_all) {
  SlotScene scene(3);
  scene.leave_slots(2);
  const SendOutcome outcome = scene.send();
  CHECK_EQ(outcome.error.status, Status::LimitExceeded);
  CHECK_EQ(outcome.receivers, 0);
  scene.run();
  CHECK(scene.received() == ReceivedCounts({0, 0, 0}));
  // Slots taken for the refused message are released, and the links work as before.
  const std::vector<std::byte> payload(8);
  CHECK(scene.sender.endpoint->send(scene.sender.request_to("viewer", payload, false)).error.ok());
  scene.run();
  CHECK(scene.received() == ReceivedCounts({1, 1, 1}));
  // Six: each viewer's process takes one as well.
  for (int i = 0; i < 4; ++i) scene.give_back();
  CHECK_EQ(scene.send().receivers, 3);
  scene.run();
  CHECK(scene.received() == ReceivedCounts({2, 2, 2}));
  for (const auto& viewer : scene.viewers) CHECK_EQ(viewer->received.back().regions, 1);
}

TEST(region_slots_of_idle_links_go_to_those_that_need_one) {
  SlotScene scene(2);
  CHECK_EQ(scene.send().receivers, 2);
  scene.run();
  CHECK(scene.received() == ReceivedCounts({1, 1}));
  scene.leave_slots(1);
  // Two more viewers, and one free slot for both their links and both their processes.
  for (std::uint32_t i = 0; i < 2; ++i)
    scene.viewers.push_back(std::make_unique<TestEndpoint>(scene.world, 40 + i, "late"));
  scene.run();
  const std::vector<std::byte> payload(8);
  const RegionRange ranges[] = {{scene.region, 0, 4096}};
  SendRequest request = scene.sender.request_to("late", payload, false);
  request.regions = ranges;
  CHECK_EQ(scene.sender.endpoint->send(request).receivers, 2);
  scene.run();
  CHECK(scene.received() == ReceivedCounts({1, 1, 1, 1}));
  CHECK_EQ(scene.viewers[2]->received[0].regions, 1);
  CHECK_EQ(scene.region->references(), 1);
}

// Messages that wait for room in a ring already have their slots and keep them.
TEST(region_slots_are_kept_for_messages_that_wait) {
  SlotScene scene(1);
  scene.viewers[0]->reads = false;
  const std::vector<std::byte> filling(10'000);
  const SendRequest fill = scene.sender.request_to("viewer", filling, false);
  for (int i = 0; i < 10; ++i) CHECK(scene.sender.endpoint->send(fill).error.ok());
  CHECK_EQ(scene.send().receivers, 1);
  scene.leave_slots(1);
  // No other message can take the slot.
  scene.viewers.push_back(std::make_unique<TestEndpoint>(scene.world, 40, "late"));
  scene.viewers.push_back(std::make_unique<TestEndpoint>(scene.world, 41, "late"));
  scene.run();
  const std::vector<std::byte> payload(8);
  const RegionRange ranges[] = {{scene.region, 0, 4096}};
  SendRequest request = scene.sender.request_to("late", payload, false);
  request.regions = ranges;
  CHECK_EQ(scene.sender.endpoint->send(request).error.status, Status::LimitExceeded);
  scene.viewers[0]->reads = true;
  scene.run();
  CHECK_EQ(scene.viewers[0]->received.size(), 11);
  CHECK_EQ(scene.viewers[0]->received.back().regions, 1);
  CHECK_EQ(scene.sender.violations, 0);
}

// A message that waits for its receivers to join also waits for slots, until it expires.
TEST(region_slots_that_are_too_few_hold_a_parked_message_back) {
  for (const bool in_time : {true, false}) {
    SlotScene scene(0);
    const SendOutcome outcome = scene.send(1000);
    CHECK(outcome.error.ok());
    scene.leave_slots(0);
    scene.viewers.push_back(std::make_unique<TestEndpoint>(scene.world, 40, "viewer"));
    scene.run();
    CHECK(scene.received() == ReceivedCounts({0}));
    if (in_time) {
      scene.give_back();
      scene.give_back();
    }
    scene.run(milliseconds(2000));
    CHECK(scene.received() == ReceivedCounts({in_time ? std::size_t{1} : 0}));
    CHECK_EQ(scene.sender.undelivered.size(), in_time ? 0 : 1);
    CHECK_EQ(scene.region->references(), 1);
  }
}

// Messages that are tried again and again, since they lack slots, leave the routes alone: a record
// in a ring finds the way to another receiver by the route that it names, though it was released.
TEST(region_slots_that_are_too_few_drive_no_route_out) {
  constexpr std::size_t kWaiting = 64;
  SlotScene scene(0);
  TestEndpoint first(scene.world, 30, "worker");
  first.reads = false;
  std::vector<TestEndpoint*> all{&scene.sender, &first};
  run(scene.world, all);
  const std::vector<std::byte> payload(8);
  const SendRequest job = scene.sender.request_to("worker", payload);
  for (int i = 0; i < 3; ++i) CHECK_EQ(scene.sender.endpoint->send(job).receivers, 1);
  scene.sender.endpoint->release_route(job.route);

  // No two in a row have the same selector.
  const RegionRange ranges[] = {{scene.region, 0, 4096}};
  for (std::size_t i = 0; i < kWaiting; ++i) {
    SendRequest waiting = scene.sender.request_to("viewer", payload, i % 2 == 0);
    waiting.regions = ranges;
    waiting.ttl_ms = 3'600'000;
    CHECK(scene.sender.endpoint->send(waiting).error.ok());
  }
  scene.leave_slots(0);
  TestEndpoint viewer(scene.world, 31, "viewer");
  TestEndpoint second(scene.world, 32, "worker");
  all = {&scene.sender, &first, &viewer, &second};
  // A try each 50 ms.
  run(scene.world, all, milliseconds(50 * (RouteTable::kRemembered / kWaiting + 10)));
  CHECK(viewer.received.empty());
  scene.world.kill(30);
  all = {&scene.sender, &viewer, &second};
  run(scene.world, all, milliseconds(500));
  CHECK_EQ(second.received.size(), 3);
  CHECK(scene.sender.undelivered.empty());
}

}  // namespace busbar::test
