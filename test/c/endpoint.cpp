// The endpoints of busbar.hpp: what echo.cpp has no use for. Ends with 0 if all is as it says:
// endpoint <bus>
#include <busbar.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#define CHECK(condition)                                                           \
  do {                                                                             \
    if (!(condition)) {                                                            \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                                \
    }                                                                              \
  } while (false)

namespace {

const busbar_uuid kText = busbar::uuid(BUSBAR_TYPE_TEXT);
constexpr std::int32_t kPatienceMs = 10'000;

template <typename T>
T value_of(busbar::Result<T> result) {
  if (!result) std::fprintf(stderr, "%s\n", result.status().message());
  CHECK(result);
  return std::move(result).value();
}

busbar::Outgoing text(std::string_view content) {
  return busbar::Outgoing(kText, busbar::bytes_of(content));
}

void test_members(const busbar::Endpoint& a, const busbar::Endpoint& b) {
  const auto to_b = value_of(a.unicast("b"));
  CHECK(a.wait_for(to_b, 1, kPatienceMs));
  CHECK(a.is_controller() && !b.is_controller());
  const auto peers = value_of(a.peers());
  CHECK(peers.size() == 2);
  const auto& other = peers[0].id == b.id() ? peers[0] : peers[1];
  CHECK(other.id == b.id() && other.label == std::vector<std::string>({"b", "two"}));
  const auto all = value_of(b.multicast("true"));
  CHECK(value_of(b.matches(all)).size() == 2);
  CHECK(value_of(a.observers()).empty());
  const auto nobody = value_of(a.unicast("nobody"));
  CHECK(a.wait_for(nobody, 1, 1).code() == BUSBAR_TIMEOUT);
  CHECK(a.unicast("b &").status().code() == BUSBAR_INVALID_SELECTOR);
}

void test_send_and_borrow(const busbar::Endpoint& a, const busbar::Endpoint& b) {
  const auto to_b = value_of(a.unicast("b"));
  CHECK(value_of(a.send(to_b, text("first"))) == 1);
  CHECK(value_of(a.send(to_b, text("second"))) == 1);
  a.flush();
  for (const std::string_view expected : {"first", "second"}) {
    const auto borrowed = value_of(b.borrow_next(kPatienceMs));
    CHECK(busbar::text_of(borrowed.payload()) == expected);
    busbar_message_info info{};
    info.size = sizeof info;
    CHECK(busbar_message_get_info(borrowed.message(), &info) == BUSBAR_OK);
    CHECK(info.from_id == a.id());
  }
  CHECK(b.borrow_next(0).status().code() == BUSBAR_WOULD_BLOCK);
  CHECK(a.drain(kPatienceMs));
  CHECK(a.counters().sent_messages >= 2 && b.counters().received_messages >= 2);
}

void test_deliver(const busbar::Endpoint& a, const busbar::Endpoint& b) {
  const auto to_b = value_of(a.unicast("b"));
  std::thread receiving([&b] {
    for (int i = 0; i < 2; ++i) {
      const auto message = value_of(b.receive(kPatienceMs));
      CHECK(busbar::text_of(message.payload()) == "confirm");
    }
  });
  CHECK(value_of(a.deliver(to_b, text("confirm"), kPatienceMs)) == 1);
  CHECK(value_of(a.deliver(to_b, text("confirm"), kPatienceMs, BUSBAR_HANDLED)) == 1);
  receiving.join();
  const auto nobody = value_of(a.unicast("nobody"));
  CHECK(a.deliver(nobody, text("x"), kPatienceMs).status().code() == BUSBAR_NO_RECIPIENT);
}

void test_reserve(const busbar::Endpoint& a, const busbar::Endpoint& b) {
  const auto to_b = value_of(a.unicast("b"));
  { const auto given_up = value_of(a.reserve(to_b, 8)); }
  auto place = value_of(a.reserve(to_b, 2));
  CHECK(place.place().size() == 2);
  place.place()[0] = place.place()[1] = std::byte{'!'};
  CHECK(place.commit(kText));
  CHECK(busbar::text_of(value_of(b.receive(kPatienceMs)).payload()) == "!!");
}

void test_moves_and_close(const char* bus, busbar::Endpoint& a) {
  auto third = value_of(busbar::Endpoint::join(bus, {"third"}));
  const std::uint64_t id = third.id();
  busbar::Endpoint moved = std::move(third);
  CHECK(moved.id() == id && moved.pollable() != a.pollable());
  CHECK(moved.close());
  CHECK(a.close());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  auto a = value_of(busbar::Endpoint::join(argv[1], {"a"}));
  {
    const auto b = value_of(busbar::Endpoint::join(argv[1], {"b", "two"}));
    test_members(a, b);
    test_send_and_borrow(a, b);
    test_deliver(a, b);
    test_reserve(a, b);
  }
  test_moves_and_close(argv[1], a);
  std::puts("all as busbar.hpp says");
  return 0;
}
