// The writing side of a ring.
#include "core/ring/ring_producer.h"

#include <algorithm>
#include <new>

namespace busbar {

RingProducer::RingProducer(std::byte* ring_memory, std::byte* consumer_memory,
                           std::uint64_t capacity, std::uint64_t link_id) noexcept
    : ring_(new (ring_memory) RingSegment{}),
      consumer_(new (consumer_memory) ConsumerSegment{}),
      data_(ring_memory + kRingHeaderBytes),
      capacity_(capacity),
      marks_(capacity) {
  ring_->magic = kRingMagic;
  ring_->version = kRingVersion;
  ring_->header_bytes = kRingHeaderBytes;
  ring_->capacity = capacity;
  ring_->link_id = link_id;
  ring_->wake_taken_at.store(kNoPosition, std::memory_order_relaxed);
  ring_->wake_handled_at.store(kNoPosition, std::memory_order_relaxed);
}

bool RingProducer::must_ring() noexcept {
  // Pairs with the fence in RingConsumer::prepare_sleep: either the consumer sees our tail or we
  // see its flag.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (consumer_->sleeping.load(std::memory_order_relaxed) == 0) return false;
  return consumer_->sleeping.exchange(0, std::memory_order_acq_rel) != 0;
}

bool RingProducer::refresh_head() noexcept {
  const std::uint64_t head = consumer_->head.load(std::memory_order_acquire);
  if (head == head_) return true;
  if (head < head_ || head > published_ || head % 8 != 0 || !is_boundary(head)) return false;
  head_ = head;
  return true;
}

// Only we can write into the ring, so all headers after a boundary are our own.
bool RingProducer::is_boundary(std::uint64_t position) const noexcept {
  std::uint64_t at = marks_.last_before(position, head_);
  while (at < position) {
    std::uint32_t bytes = 0;
    std::memcpy(&bytes, this->at(at), sizeof bytes);
    if (bytes == 0) return false;
    at += padded(bytes);
  }
  return at == position;
}

std::uint64_t RingProducer::handled() const noexcept {
  return consumer_->handled.load(std::memory_order_acquire);
}

std::uint64_t RingProducer::begun() const noexcept {
  const std::uint64_t begun = consumer_->begun.load(std::memory_order_acquire);
  if (consumer_->seen_kept.load(std::memory_order_relaxed) == 0) return begun;
  // A program that got nothing since the head moved is behind it.
  const auto ahead = static_cast<std::int32_t>(consumer_->seen.load(std::memory_order_relaxed) -
                                               static_cast<std::uint32_t>(head_));
  return std::min(begun, head_ + static_cast<std::uint64_t>(std::max(ahead, 0)));
}

bool RingProducer::next_outcome(Outcome& out) noexcept {
  const std::uint64_t written = consumer_->outcomes_written.load(std::memory_order_acquire);
  if (written == outcomes_read_) return false;
  // More than there can be: a broken consumer, whose outcomes mean nothing.
  if (written - outcomes_read_ > kOutcomeSlots) outcomes_read_ = written - kOutcomeSlots;
  const OutcomeSlot& slot = consumer_->outcomes[outcomes_read_ % kOutcomeSlots];
  out.position = slot.position.load(std::memory_order_relaxed);
  out.status = slot.status.load(std::memory_order_relaxed);
  ring_->outcomes_read.store(++outcomes_read_, std::memory_order_release);
  return true;
}

bool RingProducer::revoke() noexcept {
  Attachment before = Attachment::None;
  return consumer_->attachment.compare_exchange_strong(before, Attachment::Revoked,
                                                       std::memory_order_acq_rel) ||
         before == Attachment::Revoked;
}

bool RingProducer::wake_when_taken(std::uint64_t position) noexcept {
  ring_->wake_taken_at.store(position, std::memory_order_relaxed);
  // Pairs with the fence in RingConsumer::release.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return position == kNoPosition || consumer_->head.load(std::memory_order_acquire) < position;
}

bool RingProducer::wake_when_handled(std::uint64_t position) noexcept {
  ring_->wake_handled_at.store(position, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return position == kNoPosition || handled() < position;
}

void RingProducer::set_cpu(std::uint32_t cpu) noexcept {
  ring_->producer_cpu.store(cpu, std::memory_order_relaxed);
}

}  // namespace busbar
