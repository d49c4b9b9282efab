// One ring, both ends in this process: order, wrapping, publication, wake-ups, and hostile content
// from the other side.
#include <array>
#include <cstring>
#include <deque>
#include <random>
#include <thread>
#include <vector>

#include "core/ring/ring_consumer.h"
#include "core/ring/ring_producer.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::uint64_t kCapacity = kMinRingBytes;
constexpr std::uint64_t kRingLinkId = 7;

struct Ring {
  alignas(kRingHeaderBytes) std::array<std::byte, kRingHeaderBytes + kCapacity> ring_memory{};
  alignas(kConsumerSegmentBytes) std::array<std::byte, kConsumerSegmentBytes> consumer_memory{};
  RingProducer producer{ring_memory.data(), consumer_memory.data(), kCapacity, kRingLinkId};
  RingConsumer consumer{ring_memory.data(), consumer_memory.data(), kCapacity};

  RingSegment& segment() { return *reinterpret_cast<RingSegment*>(ring_memory.data()); }
  ConsumerSegment& answers() { return *reinterpret_cast<ConsumerSegment*>(consumer_memory.data()); }

  // False when the ring is full.
  bool put(std::uint64_t id, std::size_t payload_bytes, bool publish = true) {
    const std::vector<std::byte> payload(payload_bytes, static_cast<std::byte>(id));
    const PlainMessage message{
        .type = {}, .format = 0, .flags = 0, .route = 0, .id = id, .payload = payload};
    const auto bytes = static_cast<std::uint32_t>(sizeof(RecordHeader) + payload_bytes);
    std::byte* place = producer.reserve(bytes);
    if (place == nullptr) return false;
    write_simple_record({message, 0, {}}, place);
    (void)producer.commit(bytes);
    if (publish) producer.publish();
    return true;
  }
};

bool holds(const RingRecord& record, std::uint64_t id, std::size_t payload_bytes) {
  if (record.header.id != id || record.header.payload_bytes != payload_bytes) return false;
  for (std::size_t i = 0; i < payload_bytes; ++i) {
    if (record.payload[i] != static_cast<std::byte>(id)) return false;
  }
  return true;
}

}  // namespace

TEST(ring_new_one_is_verified_and_empty) {
  Ring ring;
  CHECK(ring.consumer.verify(kRingLinkId));
  CHECK(!ring.consumer.verify(kRingLinkId + 1));
  RingRecord record;
  CHECK(ring.consumer.peek(record) == RingRead::Empty);
  ring.segment().version = kRingVersion + 1;
  CHECK(!ring.consumer.verify(kRingLinkId));
}

TEST(ring_shows_nothing_before_it_is_published) {
  Ring ring;
  RingRecord record;
  REQUIRE(ring.put(1, 100, false));
  REQUIRE(ring.put(2, 100, false));
  CHECK(ring.consumer.peek(record) == RingRead::Empty);
  CHECK(ring.producer.unpublished() > 200);
  ring.producer.publish();
  CHECK_EQ(ring.producer.unpublished(), 0);
  REQUIRE(ring.consumer.peek(record) == RingRead::Record);
  CHECK(holds(record, 1, 100));
}

TEST(ring_agrees_with_a_queue_whatever_the_sizes) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    Ring ring;
    std::mt19937 random(seed);
    std::deque<std::pair<std::uint64_t, std::size_t>> model;
    std::uint64_t next = 1;
    for (int step = 0; step < 5000; ++step) {
      if (random() % 2 == 0) {
        const std::size_t bytes = random() % (random() % 8 == 0 ? 4000 : 120);
        const bool publish = random() % 3 != 0;
        if (ring.put(next, bytes, publish)) model.emplace_back(next++, bytes);
        continue;
      }
      if (random() % 4 == 0) ring.producer.publish();
      RingRecord record;
      const RingRead read = ring.consumer.peek(record);
      REQUIRE(read != RingRead::Violation);
      if (read == RingRead::Empty) continue;
      REQUIRE(!model.empty());
      REQUIRE(holds(record, model.front().first, model.front().second));
      model.pop_front();
      ring.consumer.advance();
      if (random() % 2 == 0) (void)ring.consumer.release();
    }
    ring.producer.publish();
    RingRecord record;
    for (; ring.consumer.peek(record) == RingRead::Record; ring.consumer.advance()) {
      REQUIRE(!model.empty() && holds(record, model.front().first, model.front().second));
      model.pop_front();
    }
    CHECK(model.empty());
  }
}

TEST(ring_full_takes_again_what_was_released) {
  Ring ring;
  std::uint64_t put = 0;
  while (ring.put(put + 1, 1000)) ++put;
  CHECK(put >= kCapacity / 1100);
  RingRecord record;
  REQUIRE(ring.consumer.peek(record) == RingRead::Record);
  ring.consumer.advance();
  CHECK(!ring.put(put + 1, 1000));
  (void)ring.consumer.release();
  CHECK(ring.put(put + 1, 1000));
}

TEST(ring_tail_that_makes_no_sense_is_a_violation) {
  for (const std::uint64_t tail : {std::uint64_t{4}, kCapacity + 8, ~std::uint64_t{7}}) {
    Ring ring;
    ring.segment().tail.store(tail);
    RingRecord record;
    CHECK(ring.consumer.peek(record) == RingRead::Violation);
  }
}

TEST(ring_head_that_makes_no_sense_is_noticed) {
  Ring ring;
  REQUIRE(ring.put(1, 10));
  REQUIRE(ring.put(2, 10, false));
  for (const std::uint64_t head :
       {ring.producer.tail(), ring.producer.tail() + 8, std::uint64_t{4}, ~std::uint64_t{7}}) {
    ring.answers().head.store(head);
    CHECK(!ring.producer.refresh_head());
  }
  CHECK_EQ(ring.producer.head(), 0);
}

TEST(ring_hostile_bytes_never_lead_outside) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    Ring ring;
    std::mt19937 random(seed);
    for (std::uint64_t id = 1; ring.put(id, random() % 400);) ++id;
    // Some scattered bytes, some whole headers of noise, and an arbitrary tail.
    for (int i = 0; i < 64; ++i) {
      ring.ring_memory[kRingHeaderBytes + random() % kCapacity] = static_cast<std::byte>(random());
    }
    for (std::size_t i = 0; seed % 3 == 0 && i < kCapacity; i += 4) {
      const auto noise = static_cast<std::uint32_t>(random());
      std::memcpy(ring.ring_memory.data() + kRingHeaderBytes + i, &noise, 4);
    }
    if (seed % 5 == 0) ring.segment().tail.store(random() & ~7U);
    const std::byte* begin = ring.ring_memory.data() + kRingHeaderBytes;
    RingRecord record;
    std::uint64_t taken = 0;
    while (ring.consumer.peek(record) == RingRead::Record) {
      REQUIRE(record.extensions >= begin &&
              record.payload + record.header.payload_bytes <= begin + kCapacity);
      ring.consumer.advance();
      REQUIRE(++taken <= kCapacity / sizeof(RecordHeader));
    }
  }
}

TEST(ring_pad_follows_pad_is_a_violation) {
  Ring ring;
  RecordHeader pad;
  pad.kind = RecordKind::Pad;
  pad.bytes = kCapacity;
  std::memcpy(ring.ring_memory.data() + kRingHeaderBytes, &pad, 8);
  ring.segment().tail.store(kCapacity);
  RingRecord record;
  CHECK(ring.consumer.peek(record) != RingRead::Record);
}

TEST(ring_bell_is_owed_to_a_sleeper_only) {
  Ring ring;
  REQUIRE(ring.put(1, 8));
  CHECK(!ring.producer.must_ring());
  CHECK(!ring.consumer.prepare_sleep());
  RingRecord record;
  REQUIRE(ring.consumer.peek(record) == RingRead::Record);
  ring.consumer.advance();
  REQUIRE(ring.consumer.prepare_sleep());
  CHECK(ring.producer.seems_asleep());
  REQUIRE(ring.put(2, 8));
  CHECK(ring.producer.must_ring());
  // Only once: the first ring wakes it.
  CHECK(!ring.producer.must_ring());
}

TEST(ring_wakes_its_producer_once_for_each_wish) {
  Ring ring;
  REQUIRE(ring.put(1, 8));
  const std::uint64_t first = ring.producer.tail();
  REQUIRE(ring.put(2, 8));
  REQUIRE(ring.producer.wake_when_taken(first));
  CHECK(!ring.consumer.release());
  RingRecord record;
  REQUIRE(ring.consumer.peek(record) == RingRead::Record);
  ring.consumer.advance();
  CHECK(ring.consumer.release());
  CHECK(!ring.consumer.release());
  // Reached already: too late to wait for.
  CHECK(!ring.producer.wake_when_taken(first));
  REQUIRE(ring.producer.wake_when_handled(first));
  CHECK(ring.consumer.release_handled(first));
  CHECK_EQ(ring.producer.handled(), first);
}

TEST(ring_between_two_threads_loses_nothing) {
  Ring ring;
  constexpr std::uint64_t kMessages = 300'000;
  std::thread sender([&ring] {
    for (std::uint64_t id = 1; id <= kMessages;) {
      if (ring.put(id, id % 200, id % 7 == 0)) {
        ++id;
      } else {
        ring.producer.publish();
        std::this_thread::yield();
      }
    }
    ring.producer.publish();
  });
  std::uint64_t expected = 1;
  bool right = true;
  while (right && expected <= kMessages) {
    RingRecord record;
    const RingRead read = ring.consumer.peek(record);
    if (read == RingRead::Empty) {
      std::this_thread::yield();
      continue;
    }
    right = read == RingRead::Record && holds(record, expected, expected % 200);
    ring.consumer.advance();
    (void)ring.consumer.release();
    ++expected;
  }
  CHECK_EQ(expected, kMessages + 1);
  CHECK(right);
  sender.join();
}

}  // namespace busbar::test
