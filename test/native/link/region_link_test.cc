// Memory regions over a link between two processes of the loopback world: handed over once, counted
// at every step, whichever process dies first.
#include <algorithm>
#include <vector>

#include "core/link/inbound_link.h"
#include "core/link/outbound_link.h"
#include "loopback/loopback_world.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::uint32_t kSenderPid = 11;
constexpr std::uint32_t kReceiverPid = 12;
constexpr std::uint64_t kSenderId = 101;
constexpr std::uint64_t kReceiverId = 102;
constexpr std::uint64_t kLinkId = 3;

struct World {
  LoopbackWorld world;
  Platform& sender = world.start_process(kSenderPid);
  Platform& receiver = world.start_process(kReceiverPid);
  RegionTable sender_regions{sender};
  RegionTable receiver_regions{receiver};
  std::unique_ptr<DoorbellSet> bells = receiver.create_doorbell_set().take();
  Budget budget{1U << 20U};
  std::unique_ptr<OutboundLink> out =
      OutboundLink::create(sender, kSenderId, kReceiverId, kReceiverPid, kLinkId,
                           {kMinRingBytes, 1U << 20U, budget})
          .take();
  std::unique_ptr<InboundLink> in;
  std::uint64_t next_id = 1;

  World() {
    auto pair = sender.create_channel_pair(sender.self().pid).take();
    auto theirs = receiver.adopt_channel(std::move(pair.theirs)).take();
    const std::byte byte{1};
    (void)pair.mine->send({&byte, 1}, out->introduction_handles());
    auto datagram = theirs->receive().take();
    in = InboundLink::attach(receiver, receiver_regions, *bells, 5, kSenderId, kSenderPid, kLinkId,
                             kMinRingBytes, std::move(datagram.handles))
             .take();
    (void)out->receive();
  }

  std::shared_ptr<MemoryRegion> make(std::uint64_t bytes, Access peers = Access::ReadWrite) {
    auto region = sender_regions.create(bytes, peers).take();
    region->hold();
    return region;
  }

  void send(std::vector<RegionRange> ranges) {
    Obligation owed;
    owed.memory = std::make_shared<RegionBundle>(std::move(ranges));
    owed.claim = std::make_shared<RegionClaim>(owed.memory);
    OutgoingMessage message;
    message.id = next_id++;
    message.extensions.regions = owed.memory->bytes();
    out->put(message, &owed);
  }

  // Takes messages, while the sender goes on, until none comes any more; returns their number.
  std::size_t take_all() {
    std::size_t taken = 0;
    for (bool more = true; more;) {
      more = false;
      std::vector<RegionReference> regions;
      for (Status status = take(regions); status != Status::WouldBlock; status = take(regions)) {
        if (!CHECK_EQ(status, Status::Ok)) return taken;
        more = true;
        ++taken;
        regions.clear();
      }
      (void)out->receive();
      CHECK(out->make_progress([](std::uint64_t, Status) {}));
    }
    return taken;
  }

  // Takes the next message and its regions.
  Status take(std::vector<RegionReference>& regions) {
    RingRecord record;
    if (in->ring().peek(record) != RingRead::Record) return Status::WouldBlock;
    Extensions extensions;
    if (!read_extensions({record.extensions, std::size_t{record.header.extension_words} * 8},
                         extensions))
      return Status::ProtocolViolation;
    const Status gathered = in->gather(receiver, extensions, record.header.id, 0);
    if (gathered == Status::ProtocolViolation) return gathered;
    const Status status = in->take_regions(extensions, regions);
    in->ring().advance();
    in->release();
    return status;
  }
};

}  // namespace

TEST(region_arrives_and_is_counted_all_the_way) {
  World world;
  auto region = world.make(10'000);
  region->data()[9'999] = std::byte{9};
  world.send({{region, 0, 10'000}});
  CHECK_EQ(region->references(), 2);
  region->release();
  CHECK_EQ(region->references(), 1);
  std::vector<RegionReference> got;
  REQUIRE_EQ(world.take(got), Status::Ok);
  REQUIRE_EQ(got.size(), 1);
  CHECK(got[0].region() != region);
  CHECK_EQ(got[0].region()->id(), region->id());
  CHECK(got[0].data()[9'999] == std::byte{9});
  CHECK_EQ(region->references(), 1);
  CHECK(!region->is_free());
  got.clear();
  CHECK(region->is_free());
}

// The owner could not see whether such a receiver lives, and would reuse the region.
TEST(region_is_refused_in_another_pid_namespace) {
  World world;
  auto region = world.make(4096);
  world.world.set_pid_namespace(kReceiverPid, 2);
  world.send({{region, 0, 4096}});
  std::vector<RegionReference> got;
  CHECK_EQ(world.take(got), Status::OutOfDescriptors);
  CHECK(got.empty());
  // The reference returns to its sender.
  (void)world.out->receive();
  CHECK_EQ(region->references(), 1);
  region->release();
  CHECK(region->is_free());
}

TEST(region_that_is_known_travels_without_handles) {
  World world;
  auto region = world.make(4096);
  world.send({{region, 0, 4096}});
  std::vector<RegionReference> got;
  REQUIRE_EQ(world.take(got), Status::Ok);
  const std::size_t before = world.world.count_handles(kReceiverPid);
  for (int i = 0; i < 20; ++i) {
    world.send({{region, 100, 7}, {region, 0, 4096}});
    REQUIRE_EQ(world.take(got), Status::Ok);
  }
  CHECK_EQ(got.size(), 41);
  CHECK_EQ(got[39].offset(), 100);
  CHECK_EQ(got[39].bytes(), 7);
  CHECK_EQ(world.world.count_handles(kReceiverPid), before);
  CHECK_EQ(region->references(), 42);
  got.clear();
  CHECK_EQ(region->references(), 1);
}

TEST(region_range_beyond_its_end_is_a_violation) {
  for (const RegionRange& wrong : {RegionRange{{}, 4000, 97}, RegionRange{{}, ~0ULL, 1},
                                   RegionRange{{}, 1, ~0ULL}, RegionRange{{}, 0, 0}}) {
    World world;
    auto region = world.make(4096);
    world.send({{region, wrong.offset, wrong.bytes}});
    std::vector<RegionReference> got;
    CHECK_EQ(world.take(got), Status::ProtocolViolation);
  }
}

TEST(region_never_handed_over_is_a_violation) {
  World world;
  const RegionMention mention{77, 0, 8};
  OutgoingMessage message;
  message.extensions.regions = std::as_bytes(std::span(&mention, 1));
  world.out->put(message, nullptr);
  std::vector<RegionReference> got;
  CHECK_EQ(world.take(got), Status::ProtocolViolation);
  CHECK(got.empty());
}

TEST(region_of_a_dead_receiver_stays_held_until_its_message_is_elsewhere) {
  World world;
  auto region = world.make(4096);
  world.send({{region, 0, 4096}});
  world.send({{region, 0, 4096}});
  region->release();
  world.world.kill(kReceiverPid);
  // A purge now changes nothing: the sender must still bring the messages to another receiver.
  (void)region->purge();
  CHECK_EQ(region->references(), 2);
  auto orphans = world.out->mark_dead([](std::uint64_t, Status) {});
  REQUIRE_EQ(orphans.size(), 2);
  CHECK_EQ(region->references(), 2);
  orphans.pop_back();
  CHECK_EQ(region->references(), 1);
  orphans.clear();
  CHECK(region->is_free());
}

TEST(region_that_a_dead_receiver_held_is_free_when_purged) {
  World world;
  auto region = world.make(4096);
  world.send({{region, 0, 4096}});
  region->release();
  std::vector<RegionReference> got;
  REQUIRE_EQ(world.take(got), Status::Ok);
  CHECK(!region->purge());
  world.world.kill(kReceiverPid);
  (void)world.out->mark_dead([](std::uint64_t, Status) {});
  CHECK_EQ(region->references(), 1);
  CHECK(region->purge());
  CHECK(region->is_free());
}

TEST(region_of_a_dead_sender_is_the_receivers_to_the_last_message) {
  World world;
  auto region = world.make(4096);
  // Seen from a third process that owns it: here, simply by its ledger.
  RegionLedger ledger = region->ledger();
  world.send({{region, 0, 4096}});
  world.send({{region, 0, 4096}});
  std::vector<RegionReference> got;
  REQUIRE_EQ(world.take(got), Status::Ok);
  world.world.kill(kSenderPid);
  const auto alive = [](std::uint64_t token) {
    return static_cast<std::uint32_t>(token) != kSenderPid;
  };
  (void)ledger.purge(1, alive);
  CHECK_EQ(ledger.total(), 2);
  REQUIRE_EQ(world.take(got), Status::Ok);
  CHECK_EQ(ledger.total(), 2);
  got.pop_back();
  CHECK_EQ(ledger.total(), 1);
  got.clear();
  CHECK(ledger.is_free());
}

TEST(region_booked_by_a_sender_that_died_before_it_published_is_given_back) {
  World world;
  auto region = world.make(4096);
  RegionLedger ledger = region->ledger();
  world.send({{region, 0, 4096}});
  std::vector<RegionReference> got;
  REQUIRE_EQ(world.take(got), Status::Ok);
  got.clear();
  const auto flight = ledger.find_flight({kSenderId, kLinkId});
  REQUIRE(flight.has_value());
  ledger.add(*flight);
  world.world.kill(kSenderPid);
  (void)ledger.purge(
      1, [](std::uint64_t token) { return static_cast<std::uint32_t>(token) != kSenderPid; });
  CHECK_EQ(ledger.total(), 1);
  // The ring of the sender was read to the end.
  world.in.reset();
  CHECK(ledger.is_free());
}

TEST(region_of_a_sender_that_leaves_politely_is_the_receivers) {
  World world;
  auto region = world.make(4096);
  world.send({{region, 0, 4096}});
  region->release();
  world.out->hang_up();
  world.out.reset();
  CHECK_EQ(region->references(), 1);
  std::vector<RegionReference> got;
  REQUIRE_EQ(world.take(got), Status::Ok);
  CHECK_EQ(region->references(), 1);
  got.clear();
  CHECK(region->is_free());
}

TEST(region_left_to_a_receiver_that_had_hung_up_is_given_back) {
  World world;
  auto region = world.make(4096);
  world.send({{region, 0, 4096}});
  region->release();
  world.in.reset();
  CHECK_EQ(region->references(), 1);
  world.out->hang_up();
  CHECK(region->is_free());
}

TEST(region_that_is_unmapped_is_forgotten_by_the_receiver) {
  World world;
  const std::size_t before = world.world.count_handles(kReceiverPid);
  auto region = world.make(4096);
  world.send({{region, 0, 4096}});
  std::vector<RegionReference> got;
  REQUIRE_EQ(world.take(got), Status::Ok);
  got.clear();
  CHECK(world.world.count_handles(kReceiverPid) > before);
  region->release();
  region.reset();
  world.out->arm_quiet();
  REQUIRE(world.out->make_progress([](std::uint64_t, Status) {}));
  world.out->flights().forget_unmapped();
  CHECK_EQ(world.in->receive(world.receiver), Status::Ok);
  CHECK_EQ(world.world.count_handles(kReceiverPid), before);
}

TEST(region_list_of_a_link_is_bounded_by_forgetting_idle_ones) {
  World world;
  std::vector<std::shared_ptr<MemoryRegion>> regions;
  for (std::size_t i = 0; i < 3 * RegionFlights::kMaxKnownMemory; ++i) {
    regions.push_back(world.make(4096));
    world.send({{regions.back(), 0, 4096}});
    std::vector<RegionReference> got;
    REQUIRE_EQ(world.take(got), Status::Ok);
  }
  // The first region again, which the receiver has forgotten.
  world.send({{regions.front(), 0, 4096}});
  std::vector<RegionReference> got;
  REQUIRE_EQ(world.take(got), Status::Ok);
  CHECK_EQ(got[0].region()->id(), regions.front()->id());
  got.clear();
  for (const auto& region : regions) {
    CHECK_EQ(region->references(), 1);
    region->release();
    CHECK(region->is_free());
  }
}

// More regions on their way than a receiver maps of one sender: the rest waits until it has taken
// some, and none is a violation.
TEST(region_list_of_a_slow_receiver_makes_the_next_message_wait) {
  World world;
  constexpr std::size_t kMany = 3 * RegionFlights::kMaxGivenMemory;
  std::vector<std::shared_ptr<MemoryRegion>> mine;
  for (std::size_t i = 0; i < kMany; ++i) {
    mine.push_back(world.make(4096));
    world.send({{mine.back(), 0, 4096}});
  }
  CHECK_EQ(world.take_all(), kMany);
  for (const auto& region : mine) region->release();
}

// The front of the queue needs a region more, and all that the receiver has are mentioned by
// messages behind it.
TEST(region_list_full_of_regions_that_the_queue_mentions_gives_way) {
  World world;
  std::vector<std::shared_ptr<MemoryRegion>> mine;
  for (std::size_t i = 0; i < RegionFlights::kMaxGivenMemory; ++i) {
    mine.push_back(world.make(4096));
    world.send({{mine.back(), 0, 4096}});
  }
  CHECK_EQ(world.take_all(), mine.size());
  while (world.out->flushed()) world.send({});
  const std::size_t plain = world.next_id - 1 - mine.size();
  mine.push_back(world.make(4096));
  world.send({{mine.back(), 0, 4096}});
  for (const auto& region : mine) world.send({{region, 0, 4096}});
  CHECK_EQ(world.take_all(), plain + 1 + mine.size());
  for (const auto& region : mine) region->release();
}

TEST(region_read_only_arrives_apart_from_the_owners_view) {
  World world;
  auto region = world.make(4096, Access::ReadOnly);
  world.send({{region, 0, 4096}});
  std::vector<RegionReference> got;
  REQUIRE_EQ(world.take(got), Status::Ok);
  CHECK(region->writable());
  CHECK(!got[0].region()->writable());
}

TEST(region_handed_over_with_a_wrong_header_is_a_violation) {
  World world;
  auto region = world.make(4096);
  auto handles = region->share();
  REQUIRE(handles.ok());
  std::vector<Handle> moved;
  for (Handle& handle : handles.value()) moved.push_back(std::move(handle));
  CHECK_EQ(world.receiver_regions.adopt(region->id() + 1, 4096, std::move(moved)).status(),
           Status::ProtocolViolation);
  CHECK_EQ(world.receiver_regions.adopt(region->id(), 4096, {}).status(),
           Status::ProtocolViolation);
}

}  // namespace busbar::test
