// RingProducer: the writing side of one ring. Nothing is visible before publish(), so a producer
// killed half-way leaves nothing behind. Several records can be written and published together:
// each publication takes a cache line from the receiver's core. Belongs to the sending endpoint;
// every call with that endpoint's lock held.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/processor.h"
#include "core/ring/record.h"
#include "core/ring/record_marks.h"
#include "core/ring/ring_layout.h"

namespace busbar {

class RingProducer {
 public:
  // Both segments are mapped, zero-filled and outlive the producer; `capacity` is a power of two.
  RingProducer(std::byte* ring_memory, std::byte* consumer_memory, std::uint64_t capacity,
               std::uint64_t link_id) noexcept;

  // Room for one record of `bytes` (8-aligned, not wrapping), or nullptr when the ring is too full.
  // `bytes` is at most capacity / 2. Nothing is allocated until commit().
  [[nodiscard]] std::byte* reserve(std::uint32_t bytes) noexcept;
  // The reserved record is complete; returns the position after it.
  std::uint64_t commit(std::uint32_t bytes) noexcept;
  // Makes everything committed visible.
  void publish() noexcept;
  // Bytes committed but not yet visible.
  [[nodiscard]] std::uint64_t unpublished() const noexcept { return tail_ - published_; }

  // True if the consumer looks asleep. A hint without a fence; must_ring() is exact.
  [[nodiscard]] bool seems_asleep() const noexcept {
    return consumer_->sleeping.load(std::memory_order_relaxed) != 0;
  }
  // Call after publishing: true when the consumer sleeps and its doorbell must be rung now. Costs a
  // full fence.
  [[nodiscard]] bool must_ring() noexcept;

  // Reads the position up to which the consumer has taken everything: the beginning of one of our
  // records, or the end of the last. False for any other value: the link is broken.
  [[nodiscard]] bool refresh_head() noexcept;
  [[nodiscard]] std::uint64_t head() const noexcept { return head_; }
  [[nodiscard]] std::uint64_t tail() const noexcept { return tail_; }
  [[nodiscard]] std::uint64_t capacity() const noexcept { return capacity_; }
  [[nodiscard]] std::uint64_t handled() const noexcept;
  // Position up to which messages may have reached the consumer's program; not checked.
  [[nodiscard]] std::uint64_t begun() const noexcept;
  struct Outcome {
    std::uint64_t position = 0;
    std::uint64_t status = 0;
  };
  // The consumer's outcomes of single messages, not checked, oldest first. The consumer writes a
  // message's outcome before its positions pass the message.
  [[nodiscard]] bool next_outcome(Outcome& out) noexcept;
  // No consumer can attach from now on. False when one has attached.
  [[nodiscard]] bool revoke() noexcept;

  // Asks for a wake-up once `taken` / `handled` reach `position` (kNoPosition: none). False when
  // the position was reached meanwhile: check again instead of waiting.
  [[nodiscard]] bool wake_when_taken(std::uint64_t position) noexcept;
  [[nodiscard]] bool wake_when_handled(std::uint64_t position) noexcept;
  void set_cpu(std::uint32_t cpu) noexcept;
  // Copies lost so far.
  void set_lost(std::uint64_t copies) noexcept {
    ring_->lost.store(copies, std::memory_order_release);
  }

  // The record bytes at `position`, for records not taken when the consumer is gone. Only the
  // producer can write there.
  [[nodiscard]] const std::byte* at(std::uint64_t position) const noexcept {
    return data_ + (position & (capacity_ - 1));
  }
  // How many committed bytes follow `position` in one piece.
  [[nodiscard]] std::uint64_t left_at(std::uint64_t position) const noexcept {
    return std::min(tail_ - position, capacity_ - (position & (capacity_ - 1)));
  }

 private:
  // A header and a small payload.
  static constexpr std::size_t kPrefetchedLines = 3;

  [[nodiscard]] bool is_boundary(std::uint64_t position) const noexcept;

  RingSegment* ring_;
  ConsumerSegment* consumer_;
  std::byte* data_;
  std::uint64_t capacity_;
  std::uint64_t tail_ = 0;
  std::uint64_t published_ = 0;
  // Last value seen of the consumer's head: a boundary between records. Nothing from here on is
  // overwritten.
  std::uint64_t head_ = 0;
  std::uint64_t outcomes_read_ = 0;
  // Bytes of padding that the current reservation needs before its record.
  std::uint32_t pad_ = 0;
  RecordMarks marks_;
};

// In the header because every message passes here.
inline std::byte* RingProducer::reserve(std::uint32_t bytes) noexcept {
  const std::uint32_t needed = padded(bytes);
  const std::uint64_t place = tail_ & (capacity_ - 1);
  const std::uint64_t to_end = capacity_ - place;
  pad_ = needed > to_end ? static_cast<std::uint32_t>(to_end) : 0;
  const std::uint64_t total = std::uint64_t{needed} + pad_;
  if (tail_ + total - head_ > capacity_) {
    if (!refresh_head() || tail_ + total - head_ > capacity_) return nullptr;
  }
  if (pad_ == 0) return data_ + place;
  // The pad is written now but becomes visible only with the record published after it.
  RecordHeader pad;
  pad.bytes = pad_;
  pad.kind = RecordKind::Pad;
  std::memcpy(data_ + place, &pad, 8);
  return data_;
}

inline std::uint64_t RingProducer::commit(std::uint32_t bytes) noexcept {
  tail_ += std::uint64_t{padded(bytes)} + pad_;
  pad_ = 0;
  return tail_;
}

inline void RingProducer::publish() noexcept {
  if (published_ == tail_) return;
  published_ = tail_;
  marks_.note(tail_);
  ring_->tail.store(tail_, std::memory_order_release);
  // The place of the next record is in the receiver's cache since the last lap. Fetching its lines
  // now makes them ready when they are written; the store to `tail` has to wait for those writes.
  const std::byte* next = data_ + (tail_ & (capacity_ - 1));
  for (std::size_t line = 0; line < kPrefetchedLines; ++line)
    prefetch_for_writing(next + line * kCacheLine);
}

}  // namespace busbar
