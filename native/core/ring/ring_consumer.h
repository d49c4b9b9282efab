// RingConsumer: the reading side of one ring. Trusts nothing: headers are copied before they are
// checked, every length is held against the mapping, positions are the consumer's own. Every call
// with the endpoint's lock held.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "core/ring/record.h"
#include "core/ring/ring_layout.h"

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
  // What was advanced over is about to come to the program: see ConsumerSegment::begun.
  void begin() noexcept { consumer_->begun.store(head_, std::memory_order_release); }
  // It did not come further than `position`, and will not.
  void take_back(std::uint64_t position) noexcept {
    consumer_->begun.store(position, std::memory_order_release);
  }
  // Tells the producer how far everything is taken: everything that was advanced over, or up to
  // `position`, which is behind some record. True when it wants to be woken about it.
  [[nodiscard]] bool release() noexcept { return release(head_); }
  [[nodiscard]] bool release(std::uint64_t position) noexcept;
  // Tells the producer how far everything is handled. True when it wants to be woken about it.
  [[nodiscard]] bool release_handled(std::uint64_t position) noexcept;
  // Tells the producer what became of the message that ends at `position`, for which the positions
  // do not say it. False when it has not read the ones before yet.
  [[nodiscard]] bool write_outcome(std::uint64_t position, Status status) noexcept;

  [[nodiscard]] std::uint64_t capacity() const noexcept { return capacity_; }
  // Position after everything advanced over.
  [[nodiscard]] std::uint64_t head() const noexcept { return head_; }
  // Position after the record that peek() gave.
  [[nodiscard]] std::uint64_t end_of_peeked() const noexcept { return head_ + padded(pending_); }
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
  std::uint64_t outcomes_written_ = 0;
  // Last value seen of the producer's tail, checked.
  std::uint64_t tail_ = 0;
  // Bytes of the record that peek() gave.
  std::uint32_t pending_ = 0;
  // The producer's wishes that were answered already, so that each wakes it once.
  std::uint64_t answered_taken_ = kNoPosition;
  std::uint64_t answered_handled_ = kNoPosition;
};

}  // namespace busbar
