// Both ends of one link on the platform of this build: order through ring and queue, backpressure,
// large payloads, and exactly the messages that a dead receiver had not taken.
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "core/link/inbound_link.h"
#include "core/link/outbound_link.h"
#include "support/check.h"
#include "support/faulty_platform.h"

namespace busbar::test {
namespace {

constexpr std::uint64_t kQueueLimit = 256U << 10U;
constexpr std::uint64_t kBudget = 1U << 20U;

struct Link {
  Platform& platform = native_platform();
  RegionTable regions{platform};
  std::unique_ptr<DoorbellSet> bells = platform.create_doorbell_set().take();
  Budget budget{kBudget};
  std::unique_ptr<OutboundLink> out = OutboundLink::create(platform, 1, 2, platform.self().pid, 1,
                                                           {kMinRingBytes, kQueueLimit, budget})
                                          .take();
  std::unique_ptr<InboundLink> in;

  // Hands the link over as the controller does: through a channel, which makes the receiver's own
  // handles.
  bool introduce() {
    auto pair = platform.create_channel_pair(platform.self().pid);
    if (!pair) return false;
    auto theirs = platform.adopt_channel(std::move(pair.value().theirs));
    const std::byte byte{1};
    if (!theirs || !pair.value().mine->send({&byte, 1}, out->introduction_handles()).ok())
      return false;
    auto datagram = theirs.value()->receive();
    if (!datagram) return false;
    auto attached = InboundLink::attach(platform, regions, *bells, 5, 1, platform.self().pid, 1,
                                        kMinRingBytes, std::move(datagram.value().handles));
    if (!attached) return false;
    in = attached.take();
    return out->receive().attached;
  }

  bool send(std::uint64_t id, std::size_t bytes) {
    const std::vector<std::byte> payload(bytes, static_cast<std::byte>(id));
    OutgoingMessage message;
    message.id = id;
    message.payload = payload;
    if (!out->has_room(record_bytes(message), 0, 0)) return false;
    if (!out->put_now({message, 0, {}})) out->put(message, nullptr);
    return true;
  }

  // Sends a message whose payload is the beginning of this spill.
  SpillReference send_large(std::uint64_t id, std::shared_ptr<const Spill> spill,
                            std::size_t bytes) {
    OutgoingMessage message;
    message.id = id;
    message.extensions.spill = SpillReference{spill->id(), 0, bytes};
    Obligation obligation;
    obligation.spill = std::move(spill);
    obligation.spill_bytes = bytes;
    if (CHECK(out->has_room(record_bytes(message), bytes, 0))) out->put(message, &obligation);
    return *message.extensions.spill;
  }

  // The id of the next message; 0 when there is none.
  std::uint64_t take() {
    RingRecord record;
    if (in->ring().peek(record) != RingRead::Record) return 0;
    const std::uint64_t id = record.header.id;
    in->ring().advance();
    in->release();
    return id;
  }

  // The end of a turn of the sender and of its control thread.
  bool progress() {
    (void)out->ring_if_asleep();
    (void)out->receive();
    return out->make_progress([](std::uint64_t, Status) {});
  }

  // The large payload that a record refers to.
  std::span<const std::byte> spilled(Platform& at, const SpillReference& reference) {
    Extensions extensions;
    extensions.spill = reference;
    CHECK_EQ(in->gather(at, extensions, 0, 0), Status::Ok);
    return in->spilled(reference);
  }
};

// Sends a large message that the receiver cannot map for lack of memory.
SpillReference lose_large(Link& link, SpillPool& pool) {
  const SpillReference reference = link.send_large(1, pool.acquire(100'000).take(), 100'000);
  FaultyPlatform poor(link.platform);
  poor.fail(0, Status::OutOfMemory);
  CHECK(link.spilled(poor, reference).empty());
  return reference;
}

}  // namespace

TEST(link_writes_before_it_is_introduced) {
  Link link;
  for (std::uint64_t id = 1; id <= 10; ++id) REQUIRE(link.send(id, 50));
  CHECK(link.out->state() == OutboundLink::State::Introducing);
  REQUIRE(link.introduce());
  CHECK(link.out->state() == OutboundLink::State::Attached);
  (void)link.out->ring_if_asleep();
  for (std::uint64_t id = 1; id <= 10; ++id) CHECK_EQ(link.take(), id);
  CHECK_EQ(link.take(), 0);
}

TEST(link_keeps_the_order_through_ring_and_queue) {
  Link link;
  REQUIRE(link.introduce());
  std::uint64_t sent = 0;
  while (link.send(sent + 1, 500)) ++sent;
  CHECK(link.out->queued_messages() > 0);
  CHECK(sent * 548 > kQueueLimit);
  std::uint64_t expected = 1;
  while (expected <= sent) {
    const std::uint64_t id = link.take();
    if (id == 0) {
      REQUIRE(link.progress());
      continue;
    }
    REQUIRE_EQ(id, expected);
    ++expected;
    if (expected % 3 == 0 && link.send(sent + 1, 100)) ++sent;
    // A larger lead would keep the test running for ever.
    if (sent > 5000) break;
  }
  CHECK(expected > 500);
}

TEST(link_full_queue_has_no_room_until_it_moves) {
  Link link;
  REQUIRE(link.introduce());
  std::uint64_t sent = 0;
  while (link.send(sent + 1, 1000)) ++sent;
  CHECK(!link.out->relaxed());
  for (int i = 0; i < 10; ++i) CHECK_EQ(link.take(), i + 1);
  CHECK(link.send(sent + 1, 1000));
}

TEST(link_orphans_are_exactly_what_was_not_taken) {
  Link link;
  REQUIRE(link.introduce());
  std::uint64_t sent = 0;
  while (sent < 60 && link.send(sent + 1, 700)) ++sent;
  (void)link.out->ring_if_asleep();
  for (int i = 0; i < 7; ++i) CHECK_EQ(link.take(), i + 1);
  const auto orphans = link.out->mark_dead([](std::uint64_t, Status) {});
  REQUIRE_EQ(orphans.size(), sent - 7);
  for (std::size_t i = 0; i < orphans.size(); ++i) {
    const auto parsed = parse_record(orphans[i].record);
    REQUIRE(parsed.has_value());
    CHECK_EQ(parsed->header.id, 8 + i);
    CHECK_EQ(parsed->payload.size(), 700);
  }
}

TEST(link_unpublished_messages_are_orphans_too) {
  Link link;
  REQUIRE(link.introduce());
  for (std::uint64_t id = 1; id <= 8; ++id) REQUIRE(link.send(id, 10));
  // The receiver sees only the first part of a turn.
  for (std::uint64_t id = 1; id <= OutboundLink::kPublishedAtOnce; ++id) CHECK_EQ(link.take(), id);
  CHECK_EQ(link.take(), 0);
  const auto orphans = link.out->mark_dead([](std::uint64_t, Status) {});
  CHECK_EQ(orphans.size(), 8 - OutboundLink::kPublishedAtOnce);
}

TEST(link_large_payload_travels_in_a_spill) {
  Link link;
  REQUIRE(link.introduce());
  SpillPool pool(link.platform, link.budget);
  auto spill = pool.acquire(100'000);
  REQUIRE(spill.ok());
  std::memset(spill.value()->memory().data(), 0x5A, 100'000);
  const SpillReference reference = link.send_large(1, spill.value(), 100'000);
  const auto bytes = link.spilled(link.platform, reference);
  REQUIRE_EQ(bytes.size(), 100'000);
  CHECK(bytes[99'999] == std::byte{0x5A});
  // Nothing beyond the spill's end is readable, whatever the record says.
  CHECK(link.spilled(link.platform, {reference.spill_id, 1, 1U << 30U}).empty());
  CHECK(link.spilled(link.platform, {reference.spill_id, ~0ULL, 8}).empty());
  CHECK(link.spilled(link.platform, {77, 0, 8}).empty());
  CHECK_EQ(link.take(), 1);
  REQUIRE(link.progress());
  // Taken: reusable once we release it too.
  CHECK_EQ(spill.value().use_count(), 1);
  CHECK(link.budget.used() >= 100'000);
  spill = Status::Closed;
  CHECK_EQ(link.budget.used(), 0);
  auto again = pool.acquire(100'000);
  REQUIRE(again.ok());
  CHECK_EQ(again.value()->id(), reference.spill_id);
}

// A receiver without memory for a spill asks for it, and asks again before the answer has come.
TEST(link_spill_that_was_asked_for_twice_comes_twice) {
  Link link;
  REQUIRE(link.introduce());
  SpillPool pool(link.platform, link.budget);
  const SpillReference reference = lose_large(link, pool);
  for (int asked = 0; asked < 2; ++asked) {
    CHECK(link.in->ask_again(reference));
    // Not at once, but the next time.
    CHECK(link.progress());
    CHECK(link.progress());
  }
  CHECK_EQ(link.spilled(link.platform, reference).size(), 100'000);
  CHECK_EQ(link.take(), 1);
  CHECK(link.progress());
  // The sender still knows that the receiver has the spill, so it tells the receiver to forget it.
  link.out->spills().forget({reference.spill_id});
  CHECK(link.in->receive(link.platform) == Status::Ok);
  CHECK(link.spilled(link.platform, reference).empty());
}

TEST(link_spill_that_was_lost_may_be_forgotten) {
  Link link;
  REQUIRE(link.introduce());
  SpillPool pool(link.platform, link.budget);
  const SpillReference reference = lose_large(link, pool);
  link.out->spills().forget({reference.spill_id});
  CHECK(link.in->receive(link.platform) == Status::Ok);
}

TEST(link_reserved_place_holds_back_what_comes_later) {
  Link link;
  REQUIRE(link.introduce());
  // Twice around the ring, so that the place also comes behind a pad.
  for (std::uint64_t id = 1; id < 60; id += 3) {
    std::byte* place = link.out->reserve_payload(1000);
    REQUIRE(place != nullptr);
    CHECK(link.out->reserve_payload(8) == nullptr);
    REQUIRE(link.send(id + 1, 700));
    REQUIRE(link.send(id + 2, 10));
    // There is room, but not for these.
    REQUIRE(link.progress());
    CHECK_EQ(link.take(), 0);
    CHECK(!link.out->flushed());
    const bool cancels = id % 2 == 0;
    if (cancels) {
      link.out->cancel_reserved();
    } else {
      SimpleMessage message;
      message.id = id;
      message.payload = {place, 1000};
      std::memset(place, 1, 1000);
      link.out->commit_reserved(message, place);
      CHECK_EQ(link.take(), id);
    }
    REQUIRE(link.progress());
    CHECK_EQ(link.take(), id + 1);
    CHECK_EQ(link.take(), id + 2);
    CHECK_EQ(link.take(), 0);
    REQUIRE(link.progress());
  }
}

TEST(link_reserved_place_is_not_taken_for_what_comes_later) {
  for (const bool commits : {true, false}) {
    Link link;
    REQUIRE(link.introduce());
    std::byte* place = link.out->reserve_payload(8);
    REQUIRE(place != nullptr);
    Obligation obligation;
    obligation.delivery = 7;
    OutgoingMessage message;
    message.id = 2;
    link.out->put(message, &obligation);
    SimpleMessage reserved;
    reserved.id = 1;
    reserved.payload = {place, 8};
    if (commits) {
      link.out->commit_reserved(reserved, place);
      CHECK_EQ(link.take(), 1);
    } else {
      link.out->cancel_reserved();
    }
    std::uint64_t delivered = 0;
    const auto done = [&delivered](std::uint64_t delivery, Status) { delivered = delivery; };
    REQUIRE(link.out->make_progress(done));
    CHECK_EQ(delivered, 0);
    CHECK_EQ(link.take(), 2);
    REQUIRE(link.out->make_progress(done));
    CHECK_EQ(delivered, 7);
    CHECK_EQ(link.out->queued_messages(), 0);
  }
}

// A link is introduced again when the controller changes; that may happen after the link has ended.
TEST(link_introduced_again_after_its_end_is_not_read_twice) {
  Link link;
  REQUIRE(link.send(1, 10));
  std::vector<Handle> copies;
  for (const Handle* handle : link.out->introduction_handles())
    copies.push_back(link.platform.duplicate(*handle).take());
  REQUIRE(link.introduce());
  CHECK_EQ(link.take(), 1);
  link.in.reset();
  const auto again =
      InboundLink::attach(link.platform, link.regions, *link.bells, 6, 1, link.platform.self().pid,
                          1, kMinRingBytes, std::move(copies));
  CHECK_EQ(again.status(), Status::Closed);
}

TEST(link_introduction_that_lies_is_refused) {
  Link link;
  auto memory = link.platform.create_memory(kConsumerSegmentBytes, Access::ReadWrite).take();
  auto pair = link.platform.create_channel_pair(link.platform.self().pid);
  std::vector<Handle> handles;
  handles.push_back(memory->share().take());
  handles.push_back(memory->share().take());
  handles.push_back(link.platform.create_doorbell().value()->share().take());
  handles.push_back(std::move(pair.value().theirs));
  const auto attached = InboundLink::attach(link.platform, link.regions, *link.bells, 5, 1, 1, 1,
                                            kMinRingBytes, std::move(handles));
  CHECK(!attached.ok());
  // The sender gets the reason.
  CHECK(pair.value().mine->receive().ok());
  const auto none =
      InboundLink::attach(link.platform, link.regions, *link.bells, 5, 1, 1, 1, kMinRingBytes, {});
  CHECK(none.status() == Status::ProtocolViolation);
}

TEST(link_receiver_that_hangs_up_leaves_its_message) {
  Link link;
  REQUIRE(link.introduce());
  REQUIRE(link.send(1, 10));
  link.in.reset();
  const OutboundLink::Received received = link.out->receive();
  CHECK(received.gone);
  CHECK_EQ(link.out->mark_dead([](std::uint64_t, Status) {}).size(), 1);
}

// A receiver that is faster than its sender can ask for a wake-up must not block the sender for
// ever.
TEST(link_deliveries_to_a_spinning_receiver_all_end) {
  Link link;
  REQUIRE(link.introduce());
  constexpr std::uint64_t kMessages = 20'000;
  std::atomic<std::uint64_t> taken{0};
  std::thread receiver([&] {
    while (taken.load() < kMessages) {
      if (link.take() != 0) ++taken;
    }
  });
  std::uint64_t done = 0;
  const auto settle = [&done](std::uint64_t, Status) { ++done; };
  for (std::uint64_t id = 1; id <= kMessages; ++id) {
    OutgoingMessage message;
    message.id = id;
    Obligation obligation;
    obligation.delivery = id;
    link.out->put(message, &obligation);
    // To the end, so that the next delivery must ask for its own wake-up.
    while (done < id) {
      (void)link.out->receive();
      (void)link.out->make_progress(settle);
    }
  }
  receiver.join();
  CHECK_EQ(done, kMessages);
}

}  // namespace busbar::test
