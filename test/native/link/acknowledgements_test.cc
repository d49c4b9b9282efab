// The outcomes of single messages of a link, in any order: failures are always written before the
// positions pass them, and none is lost while the sender does not read.
#include "core/link/acknowledgements.h"

#include <array>
#include <map>
#include <optional>

#include "core/ring/ring_producer.h"
#include "support/check.h"

namespace busbar::test {
namespace {

struct Answers {
  alignas(kRingHeaderBytes) std::array<std::byte, kRingHeaderBytes + kMinRingBytes> ring{};
  alignas(kConsumerSegmentBytes) std::array<std::byte, kConsumerSegmentBytes> segment{};
  RingProducer producer{ring.data(), segment.data(), kMinRingBytes, 1};
  RingConsumer consumer{ring.data(), segment.data(), kMinRingBytes};
  Acknowledgements owed;
  std::uint64_t handled = 0;

  void settle(std::uint64_t position, Status status) {
    owed.settle(consumer, position, status);
    if (const auto moved = owed.take_handled()) handled = *moved;
  }
  std::map<std::uint64_t, Status> read() {
    std::map<std::uint64_t, Status> read;
    RingProducer::Outcome outcome;
    while (producer.next_outcome(outcome))
      read[outcome.position] = static_cast<Status>(outcome.status);
    return read;
  }
};

}  // namespace

TEST(acknowledgements_in_order_need_no_outcome) {
  Answers answers;
  for (std::uint64_t position = 8; position <= 80; position += 8) answers.owed.expect(position);
  for (std::uint64_t position = 8; position <= 80; position += 8) {
    answers.settle(position, Status::Ok);
    CHECK_EQ(answers.handled, position);
  }
  CHECK(answers.read().empty());
  CHECK(!answers.owed.take_news());
}

TEST(acknowledgements_out_of_order_are_said_at_once_and_pass_nobody) {
  Answers answers;
  for (const std::uint64_t position : {8, 16, 24}) answers.owed.expect(position);
  answers.settle(24, Status::Ok);
  CHECK_EQ(answers.handled, 0);
  CHECK(answers.owed.take_news());
  CHECK((answers.read() == std::map<std::uint64_t, Status>{{24, Status::Ok}}));
  // A message is settled once.
  answers.settle(24, Status::NotHandled);
  CHECK(answers.read().empty());
  answers.settle(8, Status::Ok);
  CHECK_EQ(answers.handled, 8);
  answers.settle(16, Status::NotHandled);
  CHECK_EQ(answers.handled, 24);
  CHECK((answers.read() == std::map<std::uint64_t, Status>{{16, Status::NotHandled}}));
}

TEST(acknowledgements_that_nobody_reads_hold_the_positions) {
  Answers answers;
  constexpr std::uint64_t kMany = 3 * kOutcomeSlots;
  for (std::uint64_t i = 1; i <= kMany; ++i) answers.owed.expect(8 * i);
  for (std::uint64_t i = 1; i <= kMany; ++i) answers.settle(8 * i, Status::DecodeFailed);
  CHECK(answers.owed.owes());
  CHECK_EQ(answers.handled, 8 * kOutcomeSlots);
  std::size_t told = answers.read().size();
  for (int i = 0; i < 2; ++i) {
    answers.owed.flush(answers.consumer);
    told += answers.read().size();
  }
  CHECK_EQ(told, kMany);
  CHECK(!answers.owed.owes());
  CHECK_EQ(answers.owed.take_handled().value_or(0), 8 * kMany);
}

TEST(acknowledgements_refusals_of_what_is_only_taken_hold_what_is_taken) {
  Answers answers;
  for (std::uint64_t i = 1; i <= kOutcomeSlots; ++i) answers.settle(8 * i, Status::SchemaMismatch);
  CHECK(!answers.owed.holds_taken());
  answers.settle(8 * kOutcomeSlots + 8, Status::SchemaMismatch);
  CHECK(answers.owed.holds_taken());
  CHECK_EQ(answers.read().size(), kOutcomeSlots);
  answers.owed.flush(answers.consumer);
  CHECK(!answers.owed.holds_taken());
  CHECK_EQ(answers.read().size(), 1);
  // Nobody waits for a handled message, so it needs no outcome slot.
  answers.settle(8 * kOutcomeSlots + 16, Status::Ok);
  CHECK(answers.read().empty());
}

TEST(acknowledgements_counted_without_sense_are_read_a_few_at_a_time) {
  Answers answers;
  auto& segment = *reinterpret_cast<ConsumerSegment*>(answers.segment.data());
  segment.outcomes_written.store(~std::uint64_t{0});
  RingProducer::Outcome outcome;
  std::size_t read = 0;
  while (answers.producer.next_outcome(outcome)) ++read;
  CHECK(read <= kOutcomeSlots);
}

}  // namespace busbar::test
