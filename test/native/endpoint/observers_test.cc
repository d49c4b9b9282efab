// Observers on a loopback bus: what they see, what they do not, and that it is exact.
#include <algorithm>
#include <string>

#include "endpoint/observer_harness.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::uint32_t kSender = 1;
constexpr std::uint32_t kFirst = 2;
constexpr std::uint32_t kSecond = 3;
constexpr std::uint32_t kObserver = 4;
constexpr std::uint32_t kOther = 5;

Uuid type_of(std::uint8_t number) {
  Uuid type;
  type.bytes[15] = number;
  return type;
}

std::vector<std::byte> bytes_of(std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i * 7);
  return bytes;
}

// A sender, which is controller, two receivers and an observer.
struct Scene {
  explicit Scene(Wanted wanted = {}) : observer(world, kObserver, std::move(wanted)) { run(); }

  void run(milliseconds time = milliseconds(50)) {
    std::vector<TestEndpoint*> all{&sender, &first, &second, &observer.endpoint};
    for (TestEndpoint* each : more) all.push_back(each);
    test::run(world, all, time);
  }
  SendOutcome send(std::string_view label, std::span<const std::byte> payload, bool unicast = true,
                   std::uint8_t type = 1) {
    SendRequest request = sender.request_to(label, payload, unicast);
    request.type = type_of(type);
    request.format = 9;
    const SendOutcome outcome = sender.endpoint->send(request);
    sender.endpoint->flush_bells();
    return outcome;
  }

  LoopbackWorld world{7};
  TestEndpoint sender{world, kSender, "sender"};
  TestEndpoint first{world, kFirst, "first"};
  TestEndpoint second{world, kSecond, "second"};
  TestObserver observer;
  std::vector<TestEndpoint*> more;
};

}  // namespace

TEST(observer_sees_a_unicast_with_the_beginning_of_its_payload) {
  Scene scene({.payload_bytes = 10});
  const auto payload = bytes_of(100);
  CHECK_EQ(scene.send("first", payload).receivers, 1);
  CHECK_EQ(scene.send("first", payload).receivers, 1);
  scene.run();
  CHECK_EQ(scene.first.received.size(), 2);
  REQUIRE_EQ(scene.observer.seen.size(), 2);
  const Seen& one = scene.observer.seen[0];
  CHECK_EQ(one.from, scene.sender.endpoint->id());
  CHECK_EQ(one.id, scene.first.received[0].id);
  CHECK(one.type == type_of(1));
  CHECK_EQ(one.format, 9);
  CHECK_EQ(one.head.event, ObservationEvent::Sent);
  CHECK_EQ(one.head.unicast, 1);
  CHECK_EQ(one.head.payload_bytes, 100);
  CHECK(one.payload == bytes_of(10));
  CHECK(one.receivers == std::vector{scene.first.endpoint->id()});
  CHECK_EQ(scene.observer.seen[1].id, scene.first.received[1].id);
  CHECK_EQ(scene.observer.lost_in_all(), 0);
}

TEST(observer_sees_a_multicast_once_and_also_one_to_nobody) {
  Scene scene;
  TestEndpoint third(scene.world, kOther, "first");
  scene.more.push_back(&third);
  scene.run();
  CHECK_EQ(scene.send("first", bytes_of(3), false).receivers, 2);
  CHECK_EQ(scene.send("nobody", bytes_of(3), false).receivers, 0);
  CHECK_EQ(scene.send("nobody", bytes_of(3)).error.status, Status::NoRecipient);
  scene.run();
  REQUIRE_EQ(scene.observer.seen.size(), 2);
  std::vector<std::uint64_t> both{scene.first.endpoint->id(), third.endpoint->id()};
  std::vector<std::uint64_t> named = scene.observer.seen[0].receivers;
  std::ranges::sort(both);
  std::ranges::sort(named);
  CHECK(named == both);
  CHECK_EQ(scene.observer.seen[0].head.receivers, 2);
  CHECK_EQ(scene.observer.seen[0].head.unicast, 0);
  CHECK(scene.observer.seen[0].payload.empty());
  CHECK_EQ(scene.observer.seen[1].head.receivers, 0);
}

TEST(observer_matches_no_selector_and_is_no_member) {
  Scene scene;
  SendRequest request = scene.sender.request_to("observer", {});
  CHECK_EQ(scene.sender.endpoint->send(request).error.status, Status::NoRecipient);
  request.route = scene.sender.endpoint->add_route(leaf("observer"), false, false);
  CHECK_EQ(scene.sender.endpoint->send(request).receivers, 0);
  const std::byte everything[] = {std::byte{0x01}};
  const auto all =
      scene.sender.endpoint->add_route(SelectorProgram::create(everything).take(), false, false);
  CHECK_EQ(scene.sender.endpoint->matches(all).size(), 3);
  CHECK_EQ(scene.sender.endpoint->members().size(), 3);
  REQUIRE_EQ(scene.sender.endpoint->observers().size(), 1);
  CHECK_EQ(scene.sender.endpoint->observers()[0].id, scene.observer.endpoint.endpoint->id());
  CHECK(!scene.observer.endpoint.endpoint->is_controller());
  // It cannot send.
  CHECK_EQ(scene.observer.endpoint.endpoint->send(scene.observer.endpoint.request_to("first", {}))
               .error.status,
           Status::Unsupported);
}

TEST(observer_chooses_by_type_and_by_sender_or_receiver) {
  Scene scene({.match = "first", .types = {type_of(1), type_of(2)}});
  (void)scene.send("first", {}, true, 1);
  (void)scene.send("first", {}, true, 3);
  (void)scene.send("second", {}, true, 1);
  SendRequest from_first = scene.first.request_to("second", {});
  from_first.type = type_of(2);
  CHECK_EQ(scene.first.endpoint->send(from_first).receivers, 1);
  scene.run();
  REQUIRE_EQ(scene.observer.seen.size(), 2);
  for (const Seen& each : scene.observer.seen) {
    const bool by_receiver = each.from == scene.sender.endpoint->id();
    CHECK(each.type == type_of(by_receiver ? 1 : 2));
    CHECK(each.receivers == std::vector{(by_receiver ? scene.first : scene.second).endpoint->id()});
  }
}

TEST(observer_sees_replies_attachments_and_places_written_in_the_ring) {
  Scene scene({.payload_bytes = 8});
  const auto payload = bytes_of(4);
  SendRequest reply = scene.sender.request_to("first", payload);
  reply.reply_to = 77;
  const auto bell = scene.sender.platform.create_doorbell().take();
  const Handle handle = bell->share().take();
  const Handle* const objects[] = {&handle, &handle};
  reply.objects = objects;
  const auto metadata = bytes_of(13);
  reply.metadata = metadata;
  CHECK(scene.sender.endpoint->send(reply).error.ok());
  Reservation place;
  const auto route = scene.sender.endpoint->add_route(leaf("second"), true, true);
  REQUIRE(scene.sender.endpoint->reserve(route, 5, place).error.ok());
  const auto written = bytes_of(5);
  std::ranges::copy(written, place.place.begin());
  CHECK(scene.sender.endpoint->commit(place, type_of(4), 2).error.ok());
  scene.run();
  REQUIRE_EQ(scene.observer.seen.size(), 2);
  CHECK_EQ(scene.observer.seen[0].reply_to, 77);
  CHECK_EQ(scene.observer.seen[0].head.objects, 2);
  CHECK(scene.observer.seen[0].metadata == metadata);
  CHECK(scene.observer.seen[1].metadata.empty());
  CHECK(scene.observer.seen[1].type == type_of(4));
  CHECK(scene.observer.seen[1].payload == written);
  CHECK(scene.observer.seen[1].receivers == std::vector{scene.second.endpoint->id()});
}

// Also through a spill.
TEST(observer_sees_large_payloads_up_to_what_fits) {
  Scene scene({.payload_bytes = kMaxObservedBytes});
  const auto large = bytes_of(200'000);
  CHECK_EQ(scene.send("first", large).receivers, 1);
  scene.run();
  REQUIRE_EQ(scene.observer.seen.size(), 1);
  const Seen& one = scene.observer.seen[0];
  CHECK_EQ(one.head.payload_bytes, large.size());
  // A quarter of the ring of 64 KiB.
  CHECK(one.payload.size() > 15'000 && one.payload.size() < 16'384);
  CHECK(std::equal(one.payload.begin(), one.payload.end(), large.begin()));
}

TEST(observer_that_is_stopped_learns_how_many_it_lost_of_each) {
  Scene scene;
  scene.observer.endpoint.reads = false;
  constexpr std::uint64_t kMessages = 5000;
  std::uint64_t of_sender = 0;
  std::uint64_t of_second = 0;
  for (std::uint64_t i = 0; i < kMessages; ++i) {
    of_sender += scene.send("first", bytes_of(10)).receivers;
    if (i % 3 == 0)
      of_second += scene.second.endpoint->send(scene.second.request_to("first", {})).receivers;
    if (i % 50 == 0) scene.run(milliseconds(5));
  }
  CHECK_EQ(of_sender, kMessages);
  scene.run();
  CHECK(scene.observer.seen.empty());
  // Nothing more is sent: the counts come all the same.
  scene.observer.endpoint.reads = true;
  scene.run(milliseconds(300));
  const std::uint64_t sender = scene.sender.endpoint->id();
  const std::uint64_t second = scene.second.endpoint->id();
  std::map<std::uint64_t, std::uint64_t> seen;
  for (const Seen& each : scene.observer.seen) ++seen[each.from];
  CHECK(scene.observer.lost[sender] > 0);
  CHECK_EQ(seen[sender] + scene.observer.lost[sender], of_sender);
  CHECK_EQ(seen[second] + scene.observer.lost[second], of_second);
  // And copies come again.
  const std::size_t before = scene.observer.seen.size();
  (void)scene.send("first", {});
  scene.run();
  CHECK_EQ(scene.observer.seen.size(), before + 1);
}

TEST(observer_learns_the_losses_of_a_sender_that_was_killed) {
  Scene scene;
  TestEndpoint doomed(scene.world, kOther, "doomed");
  scene.more.push_back(&doomed);
  scene.run();
  scene.observer.endpoint.reads = false;
  std::uint64_t sent = 0;
  for (int i = 0; i < 3000; ++i) {
    sent += doomed.endpoint->send(doomed.request_to("first", bytes_of(10))).receivers;
    if (i % 50 == 0) scene.run(milliseconds(5));
  }
  const std::uint64_t id = doomed.endpoint->id();
  doomed.endpoint->flush_bells();
  scene.world.kill(kOther);
  scene.run();
  scene.observer.endpoint.reads = true;
  scene.run(milliseconds(300));
  CHECK(scene.observer.lost[id] > 0);
  CHECK_EQ(scene.observer.seen.size() + scene.observer.lost[id], sent);
}

TEST(observer_that_is_killed_takes_nothing_from_others) {
  Scene scene;
  (void)scene.send("first", {});
  scene.run();
  scene.world.kill(kObserver);
  for (int i = 0; i < 100; ++i) CHECK_EQ(scene.send("first", {}).receivers, 1);
  scene.run(milliseconds(300));
  CHECK_EQ(scene.first.received.size(), 101);
  CHECK_EQ(scene.sender.endpoint->observers().size(), 0);
  CHECK_EQ(scene.sender.endpoint->counters().sent.undelivered, 0);
  CHECK_EQ(scene.sender.endpoint->counters().outbound_links, 1);
  // The next one gets its place.
  TestObserver next(scene.world, kOther);
  scene.more.push_back(&next.endpoint);
  scene.run();
  (void)scene.send("first", {});
  scene.run();
  CHECK_EQ(next.seen.size(), 1);
}

TEST(observer_that_joins_in_the_middle_sees_what_follows) {
  Scene scene;
  for (int i = 0; i < 10; ++i) (void)scene.send("first", {});
  TestObserver late(scene.world, kOther);
  scene.more.push_back(&late.endpoint);
  scene.run();
  for (int i = 0; i < 10; ++i) (void)scene.send("first", {});
  scene.run();
  CHECK_EQ(scene.observer.seen.size(), 20);
  CHECK_EQ(late.seen.size(), 10);
  CHECK_EQ(late.seen.front().id, scene.first.received[10].id);
}

TEST(observer_sees_undelivered_messages_and_those_that_go_elsewhere) {
  Scene scene({.payload_bytes = 4});
  TestEndpoint twin(scene.world, kOther, "first");
  scene.more.push_back(&twin);
  scene.run();
  scene.first.reads = false;
  twin.reads = false;
  const auto payload = bytes_of(6);
  const auto metadata = bytes_of(3);
  // One for each.
  for (int i = 0; i < 2; ++i) {
    SendRequest request = scene.sender.request_to("first", payload);
    request.metadata = metadata;
    CHECK_EQ(scene.sender.endpoint->send(request).receivers, 1);
  }
  scene.run();
  REQUIRE_EQ(scene.observer.seen.size(), 2);
  scene.world.kill(kFirst);
  scene.run();
  REQUIRE_EQ(scene.observer.seen.size(), 3);
  CHECK_EQ(scene.observer.seen[2].head.event, ObservationEvent::SentAgain);
  CHECK(scene.observer.seen[2].receivers == std::vector{twin.endpoint->id()});
  CHECK(scene.observer.seen[2].payload == bytes_of(4));
  const std::uint64_t gone = twin.endpoint->id();
  scene.world.kill(kOther);
  scene.run();
  REQUIRE_EQ(scene.observer.seen.size(), 5);
  for (std::size_t i = 3; i < 5; ++i) {
    const Seen& each = scene.observer.seen[i];
    CHECK_EQ(each.head.event, ObservationEvent::Undelivered);
    CHECK_EQ(each.head.reason, static_cast<std::uint32_t>(Status::PeerGone));
    CHECK_EQ(each.head.peer_id, gone);
    CHECK_EQ(each.head.payload_bytes, 6);
    CHECK(each.payload == bytes_of(4));
    CHECK(each.metadata == metadata);
  }
}

TEST(observer_sees_parked_messages_when_they_go_or_expire) {
  Scene scene;
  const auto park = [&](std::string_view label) {
    SendRequest request = scene.sender.request_to(label, {});
    request.ttl_ms = 300;
    const auto metadata = bytes_of(4);
    request.metadata = metadata;
    CHECK(scene.sender.endpoint->send(request).error.ok());
  };
  park("later");
  park("never");
  scene.run();
  CHECK(scene.observer.seen.empty());
  TestEndpoint later(scene.world, kOther, "later");
  scene.more.push_back(&later);
  scene.run();
  REQUIRE_EQ(scene.observer.seen.size(), 1);
  CHECK(scene.observer.seen[0].receivers == std::vector{later.endpoint->id()});
  scene.run(milliseconds(500));
  REQUIRE_EQ(scene.observer.seen.size(), 2);
  CHECK_EQ(scene.observer.seen[1].head.event, ObservationEvent::Undelivered);
  CHECK_EQ(scene.observer.seen[1].head.reason, static_cast<std::uint32_t>(Status::NoRecipient));
  for (const Seen& each : scene.observer.seen) CHECK(each.metadata == bytes_of(4));
}

TEST(observer_sees_nothing_of_a_member_that_refuses) {
  Scene scene;
  TestEndpoint shy(scene.world, kOther, "shy", {.ring_bytes = 64U << 10U}, {.observable = false});
  scene.more.push_back(&shy);
  scene.run();
  CHECK_EQ(shy.endpoint->send(shy.request_to("first", {})).receivers, 1);
  CHECK_EQ(scene.send("shy", {}).receivers, 1);
  SendRequest waiting = shy.request_to("later", {});
  waiting.ttl_ms = 60'000;
  CHECK(shy.endpoint->send(waiting).error.ok());
  scene.run();
  CHECK(scene.observer.seen.empty());
  // Not even by way of the controller, which has it now.
  shy.endpoint->close(milliseconds(100));
  scene.run();
  CHECK(shy.closed);
  TestEndpoint later(scene.world, 6, "later");
  scene.more.push_back(&later);
  scene.run(milliseconds(200));
  CHECK_EQ(later.received.size(), 1);
  CHECK(scene.observer.seen.empty());
}

TEST(observer_sees_the_sender_of_a_message_that_was_left_with_the_controller) {
  Scene scene({.match = "leaver"});
  TestEndpoint leaver(scene.world, kOther, "leaver");
  scene.more.push_back(&leaver);
  scene.run();
  SendRequest waiting = leaver.request_to("later", {});
  waiting.ttl_ms = 60'000;
  CHECK(leaver.endpoint->send(waiting).error.ok());
  const std::uint64_t id = leaver.endpoint->id();
  leaver.endpoint->close(milliseconds(100));
  scene.run();
  TestEndpoint later(scene.world, 6, "later");
  scene.more.push_back(&later);
  scene.run(milliseconds(200));
  REQUIRE_EQ(later.received.size(), 1);
  REQUIRE_EQ(scene.observer.seen.size(), 1);
  CHECK_EQ(scene.observer.seen[0].from, scene.sender.endpoint->id());
  CHECK_EQ(scene.observer.seen[0].origin, id);
}

TEST(observer_stays_when_the_controller_dies) {
  Scene scene;
  const auto send = [&] {
    return scene.first.endpoint->send(scene.first.request_to("second", {})).receivers;
  };
  std::uint64_t sent = send();
  scene.run();
  scene.world.kill(kSender);
  for (int i = 0; i < 200; ++i) {
    sent += send();
    scene.run(milliseconds(5));
  }
  CHECK_EQ(scene.observer.seen.size(), sent);
  CHECK_EQ(scene.second.endpoint->observers().size(), 1);
  CHECK(!scene.observer.endpoint.endpoint->is_controller());
}

TEST(observer_that_is_stopped_delays_nobody_that_closes) {
  Scene scene;
  scene.more.clear();
  scene.observer.endpoint.reads = false;
  // Not attached either: it takes no turn.
  (void)scene.send("first", {});
  std::vector<TestEndpoint*> others{&scene.sender, &scene.first, &scene.second};
  test::run(scene.world, others, milliseconds(20));
  scene.sender.endpoint->close(std::chrono::hours(1));
  test::run(scene.world, others, milliseconds(50));
  CHECK(scene.sender.closed);
  CHECK_EQ(scene.sender.abandoned, 0);
}

}  // namespace busbar::test
