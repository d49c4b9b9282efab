// An inbound link's channel is left alone while what comes on it is read with the records, and
// looked at again afterwards.
#include "core/endpoint/link_watches.h"

#include <array>
#include <chrono>

#include "core/endpoint/reactor_tokens.h"
#include "loopback/loopback_world.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::uint32_t kSlot = 7;

struct Watched {
  LoopbackWorld world;
  Platform& platform = world.start_process(1);
  std::unique_ptr<Reactor> reactor = platform.create_reactor().take();
  ChannelPair pair = platform.create_channel_pair(platform.self().pid).take();
  std::unique_ptr<Channel> theirs = platform.adopt_channel(std::move(pair.theirs)).take();
  LinkWatches watches;

  Watched() { CHECK(reactor->watch(*pair.mine, inbound_token(kSlot)).ok()); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  ~Watched() { reactor->forget(inbound_token(kSlot)); }

  bool say() {
    const std::byte byte{1};
    return theirs->send({&byte, 1}, {}).ok();
  }
  bool reported() {
    std::array<Readiness, 4> ready;
    return reactor->wait(platform.now(), ready) != 0;
  }
};

}  // namespace

TEST(link_watches_report_nothing_in_a_pause_and_all_of_it_afterwards) {
  Watched link;
  const TimePoint now = link.platform.now();
  CHECK(!link.watches.next_resumption());
  link.watches.pause(*link.reactor, kSlot, now);
  REQUIRE(link.say());
  CHECK(!link.reported());
  const auto until = link.watches.next_resumption();
  REQUIRE(until && *until > now);
  link.watches.resume(*link.reactor, *until - std::chrono::nanoseconds(1));
  CHECK(!link.reported());
  CHECK(link.watches.next_resumption() == until);
  link.watches.resume(*link.reactor, *until);
  CHECK(link.reported());
  CHECK(!link.watches.next_resumption());
}

TEST(link_watches_report_an_end_in_a_pause) {
  Watched link;
  link.watches.pause(*link.reactor, kSlot, link.platform.now());
  REQUIRE(link.say());
  link.theirs.reset();
  CHECK(link.reported());
}

TEST(link_watches_end_the_pause_of_a_link_that_is_gone) {
  Watched link;
  const TimePoint now = link.platform.now();
  link.watches.pause(*link.reactor, kSlot, now);
  link.watches.pause(*link.reactor, kSlot + 1, now + std::chrono::milliseconds(1));
  link.reactor->forget(inbound_token(kSlot));
  REQUIRE(link.say());
  link.watches.resume(*link.reactor, now + std::chrono::seconds(1));
  CHECK(!link.watches.next_resumption());
  CHECK(!link.reported());
}

}  // namespace busbar::test
