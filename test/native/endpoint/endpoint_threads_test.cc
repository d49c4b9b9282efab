// A program's thread and the control thread of its endpoint at the same time, with slow receivers,
// under each policy for them, and with receivers that come and leave. ThreadSanitizer and the
// checks of its build find a thread that uses the other's state.
#include <memory>
#include <string>
#include <vector>

#include "endpoint/endpoint_program.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::size_t kThreadReceivers = 3;

std::string name_of_thread_bus(std::string_view test) {
  static int number = 0;
  return "test.threads." + std::string(test) + '.' + std::to_string(native_platform().self().pid) +
         '.' + std::to_string(++number);
}

struct ThreadBus {
  explicit ThreadBus(std::string_view test) : identifier(name_of_thread_bus(test)) {
    sender = std::make_unique<EndpointProgram>(
        native_platform(), identifier, "sender", true,
        JoinOptions{.ring_bytes = kMinRingBytes, .queue_bytes = 64U << 10U});
    CHECK(sender->join());
    receivers.resize(kThreadReceivers);
    for (std::size_t i = 0; i < kThreadReceivers; ++i) replace(i);
    route = sender->route("receiver", false);
    one = sender->route("receiver", true);
  }

  // Replaces this receiver by a new one; the old one is destroyed as it is.
  void replace(std::size_t index) {
    receivers[index] =
        std::make_unique<EndpointProgram>(native_platform(), identifier, "receiver", false);
    CHECK(receivers[index]->join());
  }

  void close() {
    sender->close();
    for (auto& receiver : receivers) receiver->close();
  }

  std::string identifier;
  std::unique_ptr<EndpointProgram> sender;
  std::vector<std::unique_ptr<EndpointProgram>> receivers;
  std::uint32_t route = 0;
  std::uint32_t one = 0;
};

SendRequest threaded_request(std::uint32_t route, std::span<const std::byte> payload,
                             WhenFull policy) {
  SendRequest request;
  request.route = route;
  request.payload = payload;
  request.when_full = policy;
  return request;
}

// Sends until the policy has been applied often enough.
void check_policy(WhenFull policy, std::string_view name, std::string_view key) {
  ThreadBus bus(name);
  const std::vector<std::byte> payload(1000);
  const std::vector<std::byte> large(30'000);
  const auto happened = [&] {
    const SenderCounters sent = bus.sender->endpoint->counters().sent;
    return sent.queue_full + sent.dropped + sent.disconnected + sent.superseded;
  };
  std::size_t replaced = 0;
  for (std::size_t round = 0; happened() < 30 || replaced < 10; ++round) {
    for (int i = 0; i < 40; ++i) {
      SendRequest request =
          threaded_request(i % 5 == 0 ? bus.one : bus.route, i % 7 == 0 ? large : payload, policy);
      request.key = key;
      if (i % 3 == 0) request.acknowledge = Acknowledge::Taken;
      (void)bus.sender->endpoint->send(request);
    }
    (void)bus.sender->turn(0);
    // The first receiver keeps up, the second reads now and then, the third never.
    for (int i = 0; i < 4; ++i) (void)bus.receivers[0]->turn(0);
    if (round % 8 == 0) (void)bus.receivers[1]->turn(0);
    if (round % 16 == 15) {
      bus.replace(replaced % kThreadReceivers);
      ++replaced;
    }
  }
  CHECK_EQ(bus.sender->violations, 0);
  for (const auto& receiver : bus.receivers) CHECK_EQ(receiver->violations, 0);
  bus.close();
}

}  // namespace

TEST(threads_of_a_sender_that_is_refused) { check_policy(WhenFull::Refuse, "refuse", ""); }
TEST(threads_of_a_sender_that_drops) { check_policy(WhenFull::Drop, "drop", ""); }
TEST(threads_of_a_sender_that_disconnects) { check_policy(WhenFull::Disconnect, "disconnect", ""); }
TEST(threads_of_a_sender_of_newest_values) { check_policy(WhenFull::Refuse, "newest", "key"); }

// A place stays reserved while the control thread moves the queue and removes the dead receiver.
TEST(threads_of_a_sender_with_a_place_reserved) {
  ThreadBus bus("reserved");
  const std::vector<std::byte> payload(1000);
  for (int round = 0; round < 20; ++round) {
    Reservation place;
    REQUIRE(bus.sender->endpoint->reserve(bus.one, 500, place).error.ok());
    for (int i = 0; i < 30; ++i)
      (void)bus.sender->endpoint->send(threaded_request(bus.route, payload, WhenFull::Refuse));
    (void)bus.sender->turn(0);
    if (round % 3 == 0) bus.replace(static_cast<std::size_t>(round / 3) % kThreadReceivers);
    for (const auto& receiver : bus.receivers) (void)receiver->turn(0);
    if (round % 2 == 0) {
      (void)bus.sender->endpoint->commit(place, Uuid{}, 0);
    } else {
      bus.sender->endpoint->cancel(place);
    }
    (void)bus.sender->turn(0);
  }
  for (const auto& receiver : bus.receivers) CHECK_EQ(receiver->violations, 0);
  bus.close();
}

// More first contacts at once than fit into the controller's channel.
TEST(threads_of_a_sender_that_meets_many) {
  ThreadBus bus("many");
  std::vector<std::unique_ptr<EndpointProgram>> others;
  for (int i = 0; i < 20; ++i) {
    others.push_back(std::make_unique<EndpointProgram>(native_platform(), bus.identifier,
                                                       "other" + std::to_string(i), false));
    REQUIRE(others.back()->join());
  }
  const std::vector<std::byte> payload(100);
  for (const auto& from : others) {
    const std::uint32_t all = from->endpoint->add_route(leaf("receiver"), false, true);
    (void)from->endpoint->send(threaded_request(all, payload, WhenFull::Refuse));
    for (std::size_t i = 0; i < others.size(); ++i) {
      const std::uint32_t route = from->route("other" + std::to_string(i), true);
      (void)from->endpoint->send(threaded_request(route, payload, WhenFull::Refuse));
    }
    from->endpoint->flush_bells();
  }
  CHECK(others.front()->turn_until([&] { return others.front()->received >= others.size() - 1; }));
  for (const auto& each : others) each->close();
  bus.close();
}

}  // namespace busbar::test
