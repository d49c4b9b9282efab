// RingConsumer: the reading side of one ring. Trusts nothing: headers are copied before they are
// checked, every length is checked against the mapping, and positions are the consumer's own. Every
// call with the endpoint's lock held.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "core/ring/record.h"
#include "core/ring/ring_layout.h"

namespace busbar {

enum class RingRead : std::uint8_t { Empty, Record, Violation };

// One record. The header is a private copy; the pointers lead into the ring, where a hostile
// producer may still be writing: copy the bytes before using them.
struct RingRecord {
  RecordHeader header;
  const std::byte* extensions = nullptr;
  const std::byte* payload = nullptr;
};

class RingConsumer {
 public:
  // The caller has verified both mappings' sizes: kRingHeaderBytes + capacity,
  // kConsumerSegmentBytes.
  RingConsumer(const std::byte* ring_memory, std::byte* consumer_memory,
               std::uint64_t capacity) noexcept;

  // True when the header of the producer's segment is valid.
  [[nodiscard]] bool verify(std::uint64_t link_id) const noexcept;
  // Claims the ring; call before the first peek(). False when it was claimed before, or when the
  // producer has revoked it.
  [[nodiscard]] bool attach() noexcept;

  // Returns the next record without taking it.
  [[nodiscard]] RingRead peek(RingRecord& out) noexcept;
  // Steps over the record of the last peek(). The producer does not see this until release().
  void advance() noexcept { head_ += padded(pending_); }
  // The records stepped over are about to reach the program: see ConsumerSegment::begun.
  void begin() noexcept { consumer_->begun.store(head_, std::memory_order_release); }
  // The program notes in seen_word() where each message ends that it is about to get.
  void keep_seen() noexcept { consumer_->seen_kept.store(1, std::memory_order_release); }
  [[nodiscard]] std::atomic<std::uint32_t>& seen_word() noexcept { return consumer_->seen; }
  // Only records up to `position` reached the program; the others will not.
  void take_back(std::uint64_t position) noexcept {
    consumer_->begun.store(position, std::memory_order_release);
  }
  // Reports `taken` to the producer: all records stepped over, or those up to `position`, the end
  // of a record. True when the producer asked to be woken for it.
  [[nodiscard]] bool release() noexcept { return release(head_); }
  [[nodiscard]] bool release(std::uint64_t position) noexcept;
  // Reports `handled` up to `position` to the producer. True when the producer asked to be woken
  // for it.
  [[nodiscard]] bool release_handled(std::uint64_t position) noexcept;
  // Reports the outcome of the message that ends at `position` when the positions do not show it.
  // False when all slots hold outcomes that the producer has not read.
  [[nodiscard]] bool write_outcome(std::uint64_t position, Status status) noexcept;

  [[nodiscard]] std::uint64_t capacity() const noexcept { return capacity_; }
  // Position after all records stepped over.
  [[nodiscard]] std::uint64_t head() const noexcept { return head_; }
  // Position after the record of the last peek().
  [[nodiscard]] std::uint64_t end_of_peeked() const noexcept { return head_ + padded(pending_); }
  // True if there is something to read. One acquire load.
  [[nodiscard]] bool has_more() const noexcept {
    return ring_->tail.load(std::memory_order_acquire) != head_;
  }

  // Copies that the producer has lost, by its word.
  [[nodiscard]] std::uint64_t lost() const noexcept {
    return ring_->lost.load(std::memory_order_acquire);
  }

  // Announces sleep. False when a record came meanwhile: read on instead of sleeping.
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
  // Bytes of the record of the last peek().
  std::uint32_t pending_ = 0;
  // The wake positions already answered, so that each wakes the producer once.
  std::uint64_t answered_taken_ = kNoPosition;
  std::uint64_t answered_handled_ = kNoPosition;
};

}  // namespace busbar
