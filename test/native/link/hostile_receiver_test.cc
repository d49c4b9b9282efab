// A receiver that writes plausible but wrong positions into the memory that it shares with its
// sender, and dies: the sender reads back untaken records from a position that the receiver chose.
// Under a sanitizer, a read outside the ring fails the test.
#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "core/link/outbound_link.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::uint64_t kLiarQueue = 256U << 10U;
constexpr std::size_t kLiarPayload = 200;
constexpr std::uint32_t kLiarRecord = sizeof(RecordHeader) + kLiarPayload;

// The receiving end of a link as plain handles: none of our code between the test and the memory.
struct HostileReceiver {
  Platform& platform = native_platform();
  Budget budget{1U << 20U};
  std::unique_ptr<OutboundLink> out = OutboundLink::create(platform, 1, 2, platform.self().pid, 1,
                                                           {kMinRingBytes, kLiarQueue, budget})
                                          .take();
  std::unique_ptr<SharedMemory> segment;
  std::vector<std::uint64_t> done;

  HostileReceiver() {
    Handle copy = platform.duplicate(*out->introduction_handles()[1]).take();
    segment =
        platform.adopt_memory(std::move(copy), kConsumerSegmentBytes, Access::ReadWrite).take();
  }

  [[nodiscard]] ConsumerSegment& state() const {
    return *reinterpret_cast<ConsumerSegment*>(segment->data());
  }

  void write_head(std::uint64_t head) { state().head.store(head); }

  void write_outcome(std::uint64_t number, std::uint64_t position, std::uint64_t status) {
    OutcomeSlot& slot = state().outcomes[number % kOutcomeSlots];
    slot.position.store(position);
    slot.status.store(status);
  }

  // Each message asks for an acknowledgement under its own number.
  void send(std::uint64_t id, std::span<const std::byte> payload, bool wants_handled = false) {
    OutgoingMessage message;
    message.id = id;
    message.payload = payload;
    Obligation owed;
    owed.delivery = id;
    owed.wants_handled = wants_handled;
    out->put(message, &owed);
  }

  bool progress() {
    return out->make_progress([this](std::uint64_t delivery, Status) { done.push_back(delivery); });
  }

  std::vector<OutboundLink::Orphan> bury() {
    return out->mark_dead([this](std::uint64_t delivery, Status) { done.push_back(delivery); });
  }
};

std::vector<std::uint64_t> deliveries_of(const std::vector<OutboundLink::Orphan>& orphans) {
  std::vector<std::uint64_t> all;
  all.reserve(orphans.size());
  for (const OutboundLink::Orphan& orphan : orphans) all.push_back(orphan.obligation.delivery);
  return all;
}

// A payload that reads like a record from every offset.
std::vector<std::byte> payload_of_headers(const RecordHeader& header) {
  std::vector<std::byte> payload(kLiarPayload);
  for (std::size_t at = 0; at + sizeof header <= payload.size(); at += 8)
    std::memcpy(payload.data() + at, &header, sizeof header);
  return payload;
}

RecordHeader false_header(std::uint32_t bytes) {
  RecordHeader header;
  header.bytes = bytes;
  header.payload_bytes = bytes - static_cast<std::uint32_t>(sizeof header);
  header.id = 666;
  return header;
}

// Three messages; the receiver claims to have taken everything up to a place inside the second.
void check_lie(const std::vector<std::byte>& payload, std::uint64_t into) {
  HostileReceiver link;
  for (std::uint64_t id = 1; id <= 3; ++id) link.send(id, payload);
  link.write_head(kLiarRecord + into);
  const auto orphans = link.bury();
  // Nothing that the receiver said is believed: all three messages go elsewhere, unchanged, each
  // with its delivery.
  CHECK(link.done.empty());
  REQUIRE_EQ(orphans.size(), 3);
  for (std::size_t i = 0; i < orphans.size(); ++i) {
    const auto parsed = parse_record(orphans[i].record);
    REQUIRE(parsed.has_value());
    CHECK_EQ(parsed->header.id, i + 1);
    CHECK_EQ(orphans[i].obligation.delivery, i + 1);
    CHECK(std::ranges::equal(parsed->payload, payload));
  }
}

}  // namespace

// Zeros look like a record of no length.
TEST(hostile_head_among_zeros_does_not_keep_the_sender) {
  check_lie(std::vector<std::byte>(kLiarPayload), 64);
}

TEST(hostile_head_at_a_large_number_reads_nothing_outside) {
  check_lie(payload_of_headers(false_header(64U << 20U)), 56);
}

TEST(hostile_head_at_a_false_header_forges_no_message) {
  check_lie(payload_of_headers(false_header(96)), 56);
}

// The last record before the end of the ring: a read from its middle would end behind the ring.
TEST(hostile_head_at_the_end_of_the_ring_gives_nothing_from_behind_it) {
  HostileReceiver link;
  const std::vector<std::byte> payload = payload_of_headers(false_header(12'000));
  std::uint64_t sent = 0;
  while ((sent + 1) * kLiarRecord <= kMinRingBytes) link.send(++sent, payload);
  link.write_head((sent - 1) * kLiarRecord + 56);
  const auto orphans = link.bury();
  CHECK_EQ(orphans.size(), sent);
  for (const OutboundLink::Orphan& orphan : orphans) CHECK_EQ(orphan.record.size(), kLiarRecord);
}

// Every position except a record boundary is a violation, found while the receiver lives.
TEST(hostile_head_inside_a_record_is_a_violation) {
  for (std::uint64_t into = 8; into < kLiarRecord; into += 8) {
    HostileReceiver link;
    const std::vector<std::byte> payload(kLiarPayload);
    for (std::uint64_t id = 1; id <= 3; ++id) link.send(id, payload);
    link.write_head(kLiarRecord);
    CHECK(link.out->make_progress([](std::uint64_t, Status) {}));
    link.write_head(kLiarRecord + into);
    CHECK(!link.out->make_progress([](std::uint64_t, Status) {}));
  }
}

// Boundaries are known wherever a receiver may stop, over many laps of the ring, with records of
// all sizes and pads between them.
TEST(hostile_heads_are_told_from_honest_ones_for_many_laps) {
  HostileReceiver link;
  std::vector<std::uint64_t> boundaries{0};
  std::uint64_t position = 0;
  std::uint64_t taken = 0;
  for (std::uint64_t id = 1; id <= 5000; ++id) {
    const std::vector<std::byte> payload(id * 37 % 1500);
    const auto bytes = padded(static_cast<std::uint32_t>(sizeof(RecordHeader) + payload.size()));
    const std::uint64_t to_end = kMinRingBytes - position % kMinRingBytes;
    if (bytes > to_end) boundaries.push_back(position += to_end);
    boundaries.push_back(position += bytes);
    link.send(id, payload);
    REQUIRE(link.out->flushed());
    // Small steps, and sometimes nearly the whole ring at once.
    const std::size_t steps = id % 50 == 0 ? 40 : 1;
    if (id % 50 != 0 && id % 3 != 0) continue;
    for (std::size_t step = 0; step < steps && taken + 1 < boundaries.size(); ++step) ++taken;
    while (position - boundaries[taken] > kMinRingBytes / 2) ++taken;
    link.write_head(boundaries[taken]);
    REQUIRE(link.out->make_progress([](std::uint64_t, Status) {}));
  }
  link.write_head(boundaries[taken] + 8);
  CHECK(!link.out->make_progress([](std::uint64_t, Status) {}));
}

// Whatever the receiver says about what came to its program, each message is reported to its sender
// or goes elsewhere, once: those that end at `begun` or before are in doubt.
TEST(hostile_begun_decides_only_about_whole_messages) {
  constexpr std::uint64_t kAll = 3 * kLiarRecord;
  for (std::uint64_t begun = 0; begun <= kAll + 16; begun += 8) {
    HostileReceiver link;
    const std::vector<std::byte> payload(kLiarPayload);
    for (std::uint64_t id = 1; id <= 3; ++id) link.send(id, payload);
    link.state().begun.store(begun);
    const auto orphans = link.bury();
    const std::uint64_t in_doubt = std::min<std::uint64_t>(begun / kLiarRecord, 3);
    std::vector<std::uint64_t> accounted = link.done;
    CHECK_EQ(accounted.size(), in_doubt);
    for (const std::uint64_t delivery : deliveries_of(orphans)) accounted.push_back(delivery);
    CHECK(accounted == (std::vector<std::uint64_t>{1, 2, 3}));
  }
}

TEST(hostile_begun_beyond_everything_or_below_the_head_loses_no_message) {
  for (const std::uint64_t begun : {~0ULL, ~0ULL - 7, 1ULL << 63U, 0ULL}) {
    HostileReceiver link;
    const std::vector<std::byte> payload(kLiarPayload);
    for (std::uint64_t id = 1; id <= 3; ++id) link.send(id, payload, id == 3);
    link.write_head(kLiarRecord);
    link.state().begun.store(begun);
    const auto orphans = link.bury();
    // The first is taken. The second is in doubt or not begun; the third was to be handled, so it
    // goes elsewhere whoever began it.
    CHECK(link.done ==
          (begun == 0 ? std::vector<std::uint64_t>{1} : std::vector<std::uint64_t>{1, 2}));
    CHECK(deliveries_of(orphans) ==
          (begun == 0 ? std::vector<std::uint64_t>{2, 3} : std::vector<std::uint64_t>{3}));
  }
}

// The same about what it says that its program got, which is less than what it received.
TEST(hostile_seen_decides_only_about_whole_messages) {
  constexpr std::uint64_t kAll = 3 * kLiarRecord;
  for (std::uint64_t seen = 0; seen <= kAll + 16; seen += 8) {
    HostileReceiver link;
    const std::vector<std::byte> payload(kLiarPayload);
    for (std::uint64_t id = 1; id <= 3; ++id) link.send(id, payload);
    link.state().begun.store(2 * kLiarRecord);
    link.state().seen_kept.store(1);
    link.state().seen.store(static_cast<std::uint32_t>(seen));
    const auto orphans = link.bury();
    CHECK_EQ(link.done.size(), std::min<std::uint64_t>(seen / kLiarRecord, 2));
    std::vector<std::uint64_t> accounted = link.done;
    for (const std::uint64_t delivery : deliveries_of(orphans)) accounted.push_back(delivery);
    CHECK(accounted == (std::vector<std::uint64_t>{1, 2, 3}));
  }
}

TEST(hostile_seen_beyond_everything_or_below_the_head_loses_no_message) {
  for (const std::uint32_t seen : {~0U, 1U << 31U, (1U << 31U) - 1, 0U}) {
    HostileReceiver link;
    const std::vector<std::byte> payload(kLiarPayload);
    for (std::uint64_t id = 1; id <= 3; ++id) link.send(id, payload, id == 3);
    link.write_head(kLiarRecord);
    link.state().begun.store(~0ULL);
    link.state().seen_kept.store(1);
    link.state().seen.store(seen);
    const auto orphans = link.bury();
    // More than half of all positions ahead of the head is behind it.
    const bool ahead = seen == (1U << 31U) - 1 || seen == 1U << 31U;
    CHECK(link.done == (ahead ? std::vector<std::uint64_t>{1, 2} : std::vector<std::uint64_t>{1}));
    CHECK(deliveries_of(orphans) ==
          (ahead ? std::vector<std::uint64_t>{3} : std::vector<std::uint64_t>{2, 3}));
  }
}

// Outcomes at positions where no message ends, with numbers that are no status, more of them than
// there can be, and a count that goes back: no delivery is settled twice or under another's number.
TEST(hostile_outcomes_settle_only_messages_that_exist) {
  for (const std::uint64_t status : {0ULL, 1ULL, 9ULL, 0xffffULL, ~0ULL}) {
    for (const std::uint64_t position : {0ULL, 8ULL, 3ULL * kLiarRecord + 8, 1ULL << 63U, ~0ULL}) {
      HostileReceiver link;
      const std::vector<std::byte> payload(kLiarPayload);
      for (std::uint64_t id = 1; id <= 3; ++id) link.send(id, payload, true);
      for (std::uint64_t number = 0; number < kOutcomeSlots; ++number)
        link.write_outcome(number, position, status);
      // The last slot names the second message, more than once.
      link.write_outcome(kOutcomeSlots - 1, 2ULL * kLiarRecord, status);
      for (const std::uint64_t written : {kOutcomeSlots, ~std::size_t{0}, std::size_t{5}}) {
        link.state().outcomes_written.store(written);
        CHECK(link.progress());
      }
      CHECK(link.done == std::vector<std::uint64_t>{2});
      const auto orphans = link.bury();
      CHECK(link.done == std::vector<std::uint64_t>{2});
      CHECK(deliveries_of(orphans) == (std::vector<std::uint64_t>{1, 3}));
    }
  }
}

}  // namespace busbar::test
