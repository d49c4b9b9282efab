// The reading side of a ring.
#include "core/ring/ring_consumer.h"

#include <cstring>

#include "base/processor.h"

namespace busbar {

RingConsumer::RingConsumer(const std::byte* ring_memory, std::byte* consumer_memory,
                           std::uint64_t capacity) noexcept
    : ring_(reinterpret_cast<const RingSegment*>(ring_memory)),
      consumer_(reinterpret_cast<ConsumerSegment*>(consumer_memory)),
      data_(ring_memory + kRingHeaderBytes),
      capacity_(capacity) {}

bool RingConsumer::verify(std::uint64_t link_id) const noexcept {
  return ring_->magic == kRingMagic && ring_->version == kRingVersion &&
         ring_->header_bytes == kRingHeaderBytes && ring_->capacity == capacity_ &&
         ring_->link_id == link_id;
}

bool RingConsumer::attach() noexcept {
  Attachment before = Attachment::None;
  return consumer_->attachment.compare_exchange_strong(before, Attachment::Attached,
                                                       std::memory_order_acq_rel);
}

RingRead RingConsumer::peek(RingRecord& out) noexcept {
  bool skipped_pad = false;
  for (;;) {
    if (head_ == tail_) {
      const std::uint64_t tail = ring_->tail.load(std::memory_order_acquire);
      if (tail == head_) return RingRead::Empty;
      if (tail < head_ || tail - head_ > capacity_ || tail % 8 != 0) return RingRead::Violation;
      tail_ = tail;
    }
    const std::uint64_t place = head_ & (capacity_ - 1);
    const std::uint64_t contiguous = capacity_ - place;
    const std::uint64_t available = tail_ - head_ < contiguous ? tail_ - head_ : contiguous;
    const std::byte* record = data_ + place;
    // Most records reach into the line after the header.
    prefetch_for_reading(record + kCacheLine);
    // A pad may be shorter than a header; `available` is at least 8, as both positions are
    // multiples of 8.
    const std::size_t copied = available < sizeof(RecordHeader) ? 8 : sizeof(RecordHeader);
    std::memcpy(static_cast<void*>(&out.header), record, copied);
    if (out.header.kind != RecordKind::Pad && copied < sizeof(RecordHeader))
      return RingRead::Violation;
    if (!plausible(out.header, available)) return RingRead::Violation;
    if (out.header.kind == RecordKind::Pad) {
      // A pad must reach to the end and a record must follow it: otherwise a hostile producer could
      // keep us in this loop.
      if (skipped_pad || out.header.bytes != contiguous) return RingRead::Violation;
      skipped_pad = true;
      head_ += out.header.bytes;
      continue;
    }
    pending_ = out.header.bytes;
    out.extensions = record + sizeof(RecordHeader);
    out.payload = out.extensions + std::size_t{out.header.extension_words} * 8;
    return RingRead::Record;
  }
}

bool RingConsumer::release(std::uint64_t position) noexcept {
  consumer_->head.store(position, std::memory_order_release);
  // Pairs with the fence in RingProducer::wake_when_taken.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const std::uint64_t wanted = ring_->wake_taken_at.load(std::memory_order_relaxed);
  if (wanted > position || wanted == answered_taken_) return false;
  answered_taken_ = wanted;
  return true;
}

bool RingConsumer::release_handled(std::uint64_t position) noexcept {
  consumer_->handled.store(position, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const std::uint64_t wanted = ring_->wake_handled_at.load(std::memory_order_relaxed);
  if (wanted > position || wanted == answered_handled_) return false;
  answered_handled_ = wanted;
  return true;
}

bool RingConsumer::write_outcome(std::uint64_t position, Status status) noexcept {
  const std::uint64_t read = ring_->outcomes_read.load(std::memory_order_acquire);
  // A producer that writes a wrong count harms only its own deliveries.
  if (outcomes_written_ - read >= kOutcomeSlots) return false;
  OutcomeSlot& slot = consumer_->outcomes[outcomes_written_ % kOutcomeSlots];
  slot.position.store(position, std::memory_order_relaxed);
  slot.status.store(static_cast<std::uint64_t>(status), std::memory_order_relaxed);
  consumer_->outcomes_written.store(++outcomes_written_, std::memory_order_release);
  return true;
}

bool RingConsumer::prepare_sleep() noexcept {
  consumer_->sleeping.store(1, std::memory_order_relaxed);
  // Pairs with the fence in RingProducer::must_ring.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!has_more()) return true;
  cancel_sleep();
  return false;
}

}  // namespace busbar
