// RingConsumer: the reading side of one ring. Trusts nothing: headers are copied before they are
// checked, every length is held against the mapping, positions are the consumer's own. Every call
// with the endpoint's lock held.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/record.h"
#include "core/ring_layout.h"

namespace busbar {

enum class RingRead : std::uint8_t { Empty, Record, Violation };

// One record: the header is a private copy, the pointers lead into the ring, where a hostile
// producer may still be writing: copy out what they lead to before believing it.
struct RingRecord {
  RecordHeader header;
  const std::byte* extensions = nullptr;
  const std::byte* payload = nullptr;
};

class RingConsumer {
 public:
  // The sizes of both mappings were verified: kRingHeaderBytes + capacity, kConsumerSegmentBytes.
  RingConsumer(const std::byte* ring_memory, std::byte* consumer_memory,
               std::uint64_t capacity) noexcept;

  // True when the segment's own header says what it should.
  [[nodiscard]] bool verify(std::uint64_t link_id) const noexcept;
  // Takes the ring; before the first look at a record. False when it was taken before, or when the
  // producer has given up waiting for that.
  [[nodiscard]] bool attach() noexcept;

  // The next record, without taking it.
  [[nodiscard]] RingRead peek(RingRecord& out) noexcept;
  // Steps over the record that peek() gave. Invisible to the producer until release().
  void advance() noexcept { head_ += padded(pending_); }
  // Tells the producer how far everything is taken. True when it wants to be woken about it.
  [[nodiscard]] bool release() noexcept;
  // Tells the producer how far everything is handled. True when it wants to be woken about it.
  [[nodiscard]] bool release_handled(std::uint64_t position) noexcept;

  // Position after everything advanced over.
  [[nodiscard]] std::uint64_t head() const noexcept { return head_; }
  // One acquire load: whether there is something to read.
  [[nodiscard]] bool has_more() const noexcept {
    return ring_->tail.load(std::memory_order_acquire) != head_;
  }

  // Announces sleep. False when something came meanwhile: read on instead of sleeping.
  [[nodiscard]] bool prepare_sleep() noexcept;
  void cancel_sleep() noexcept { consumer_->sleeping.store(0, std::memory_order_relaxed); }
  [[nodiscard]] std::uint32_t producer_cpu() const noexcept {
    return ring_->producer_cpu.load(std::memory_order_relaxed);
  }

 private:
  const RingSegment* ring_;
  ConsumerSegment* consumer_;
  const std::byte* data_;
  std::uint64_t capacity_;
  std::uint64_t head_ = 0;
  // Last value seen of the producer's tail, checked.
  std::uint64_t tail_ = 0;
  // Bytes of the record that peek() gave.
  std::uint32_t pending_ = 0;
  // The producer's wishes that were answered already, so that each wakes it once.
  std::uint64_t answered_taken_ = kNoPosition;
  std::uint64_t answered_handled_ = kNoPosition;
};

}  // namespace busbar
