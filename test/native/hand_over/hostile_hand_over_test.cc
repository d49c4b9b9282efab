// Messages that a member hands to the controller as if it left, checked at their receivers: no
// member can send in another's name, no member is disconnected for a third member's data, and a
// member that hands over a lot uses only its own quota and nobody else's time.
#include <limits>
#include <utility>
#include <vector>

#include "endpoint/endpoint_box.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::uint64_t kLong = 1U << 30U;

ParkedMessage parked(std::span<const std::byte> origin, std::size_t bytes = 4,
                     std::uint64_t expires_at_ms = kLong) {
  ParkedMessage message{.program = leaf("late"), .unicast = false, .expires_at_ms = expires_at_ms};
  message.origin.assign(origin.begin(), origin.end());
  message.payload.assign(bytes, std::byte{7});
  return message;
}

std::vector<std::byte> written(const std::vector<ParkedMessage>& messages) {
  HandOverWriter writer;
  for (const ParkedMessage& message : messages) (void)writer.add(message, {});
  return writer.take().front().bytes;
}

void hand_over(EndpointBox::Raw& raw, const std::vector<std::byte>& bytes) {
  auto memory = raw.platform->create_memory(bytes.size(), Access::ReadOnly).take();
  std::copy(bytes.begin(), bytes.end(), memory->data());
  std::vector<Handle> handles;
  handles.push_back(memory->share().take());
  raw.client->send(ParkFrame{bytes.size()}, handles);
}

}  // namespace

TEST(hand_over_speaks_for_nobody_else) {
  EndpointBox box;
  BoxedEndpoint& controller = box.join("controller");
  BoxedEndpoint& victim = box.join("victim");
  EndpointBox::Raw raw = box.join_raw();
  const Origin forged{victim.endpoint->id(), 101, label_of("victim")};
  Origin other_label = raw.self;
  other_label.label = label_of("root");
  Origin other_pid = raw.self;
  ++other_pid.pid;
  hand_over(raw, written({parked(encode(forged)), parked(encode(other_label)),
                          parked(encode(other_pid)), parked(encode(raw.self)), parked({})}));
  box.run(20);
  const auto kept = raw.client->receive<KeptFrame>();
  REQUIRE(kept.has_value());
  // It may have had another label when it sent one of them; its present one counts.
  CHECK_EQ(kept->messages, 3);
  BoxedEndpoint& late = box.join("late");
  REQUIRE(box.run_until([&] { return late.got.size() == 3; }));
  box.run(50);
  REQUIRE_EQ(late.got.size(), 3);
  for (const GotMessage& message : late.got) {
    CHECK_EQ(message.from_id, controller.endpoint->id());
    REQUIRE(message.origin.has_value());
    CHECK(*message.origin == raw.self);
  }
  CHECK_EQ(late.violations + victim.violations, 0);
}

// Whatever is wrong with a message, no member disconnects the controller, which goes on sending.
TEST(hand_over_of_nonsense_costs_the_controller_nothing) {
  EndpointBox box;
  BoxedEndpoint& controller = box.join("controller");
  BoxedEndpoint& late = box.join("late");
  const std::uint32_t route = controller.endpoint->add_route(leaf("late"), true, true);
  std::vector<std::vector<std::byte>> wrong;
  for (const std::size_t length : {1U, 16U, 1040U, 1041U, 2040U, 60'000U, 65'535U})
    wrong.push_back(written({parked(std::vector<std::byte>(length, std::byte{0}))}));
  for (const std::uint32_t length : {1U, 1024U, 1025U, 0x7FFF'FFFFU, 0xFFFF'FFFFU}) {
    std::vector<std::byte> origin;
    ByteWriter writer(origin);
    writer.u64(1);
    writer.u32(1);
    writer.u32(length);
    wrong.push_back(written({parked(origin)}));
  }
  const std::vector<std::byte> good = written({parked({}, 100)});
  for (std::size_t cut = 0; cut < good.size(); ++cut)
    wrong.emplace_back(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(cut));
  for (std::size_t at = 0; at < good.size() - 100; ++at) {
    for (const std::byte value : {std::byte{0}, std::byte{0x7F}, std::byte{0xFF}}) {
      wrong.push_back(good);
      wrong.back()[at] = value;
    }
  }
  for (const std::vector<std::byte>& bytes : wrong) {
    if (bytes.empty()) continue;
    EndpointBox::Raw raw = box.join_raw();
    hand_over(raw, bytes);
    box.run(8);
  }
  late.got.clear();
  REQUIRE(controller.send(route, 10, 0).error.ok());
  REQUIRE(box.run_until([&] { return !late.got.empty() && late.got.back().bytes == 10; }));
  CHECK_EQ(late.violations, 0);
}

// With expiry times at the limits of a clock.
TEST(hand_over_never_makes_a_control_thread_spin) {
  EndpointBox box;
  BoxedEndpoint& controller = box.join("controller");
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t expiry : {std::uint64_t{0}, std::uint64_t{1}, most / 2'000'000,
                                     most / 1'000'000, most / 2, most / 2 + 1, most}) {
    EndpointBox::Raw raw = box.join_raw();
    hand_over(raw, written({parked({}, 4, expiry)}));
    box.run(8);
  }
  box.run(100);
  CHECK_EQ(controller.endpoint->counters().parked, 0);
  // The same for messages of the program itself.
  const std::uint32_t nobody = controller.endpoint->add_route(leaf("nobody"), true, true);
  for (const std::uint64_t ttl : {most, most / 2, most / 1'000'000, kMaxTtlMs + 1, kMaxTtlMs})
    REQUIRE(controller.send(nobody, 4, ttl).error.ok());
  box.run(100);
  CHECK_EQ(controller.endpoint->counters().parked, 5);
  CHECK_EQ(controller.undelivered, 0);
}

TEST(hand_over_uses_up_only_its_own_quota) {
  EndpointBox box;
  JoinOptions limits;
  limits.max_parked = 100;
  limits.queue_bytes = 1U << 20U;
  BoxedEndpoint& controller = box.join("controller", limits);
  const std::uint32_t nobody = controller.endpoint->add_route(leaf("nobody"), true, true);
  EndpointBox::Raw many = box.join_raw();
  hand_over(many, written(std::vector<ParkedMessage>(1000, parked({}))));
  REQUIRE(box.run_until([&] { return controller.endpoint->counters().parked >= 100; }));
  box.run(20);
  const auto kept = many.client->receive<KeptFrame>();
  REQUIRE(kept.has_value());
  CHECK_EQ(kept->messages, 100);
  hand_over(many, written({parked({})}));
  box.run(20);
  const auto none = many.client->receive<KeptFrame>();
  REQUIRE(none.has_value());
  CHECK_EQ(none->messages, 0);
  // Another process.
  EndpointBox::Raw large = box.join_raw();
  hand_over(large, written(std::vector<ParkedMessage>(5, parked({}, 400U << 10U))));
  box.run(50);
  const auto some = large.client->receive<KeptFrame>();
  REQUIRE(some.has_value());
  CHECK_EQ(some->messages, 2);
  // This endpoint's own messages.
  for (int i = 0; i < 100; ++i) CHECK(controller.send(nobody, 4, kLong).error.ok());
  CHECK_EQ(controller.send(nobody, 4, kLong).error.status, Status::QueueFull);
  // All of them arrive.
  BoxedEndpoint& late = box.join("late", limits);
  CHECK(box.run_until([&] { return late.got.size() == 102; }));
}

// Two at a time break the protocol.
TEST(hand_over_comes_one_at_a_time) {
  EndpointBox box;
  (void)box.join("controller");
  EndpointBox::Raw raw = box.join_raw();
  const std::vector<std::byte> bytes = written({parked({})});
  hand_over(raw, bytes);
  hand_over(raw, bytes);
  box.run(20);
  CHECK(raw.client->closed());
}

}  // namespace busbar::test
