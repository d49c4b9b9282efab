// The writing side of a ring.
#include "core/ring_producer.h"

#include <cstring>
#include <new>

#include "core/record.h"

namespace busbar {

RingProducer::RingProducer(std::byte* ring_memory, std::byte* consumer_memory, std::uint64_t capacity,
                           std::uint64_t link_id) noexcept
    : ring_(new (ring_memory) RingSegment{}),
      consumer_(new (consumer_memory) ConsumerSegment{}),
      data_(ring_memory + kRingHeaderBytes),
      capacity_(capacity) {
  ring_->magic = kRingMagic;
  ring_->version = kRingVersion;
  ring_->header_bytes = kRingHeaderBytes;
  ring_->capacity = capacity;
  ring_->link_id = link_id;
  ring_->wake_taken_at.store(kNoPosition, std::memory_order_relaxed);
  ring_->wake_handled_at.store(kNoPosition, std::memory_order_relaxed);
}

std::byte* RingProducer::reserve(std::uint32_t bytes) noexcept {
  const std::uint32_t needed = padded(bytes);
  const std::uint64_t place = tail_ & (capacity_ - 1);
  const std::uint64_t to_end = capacity_ - place;
  pad_ = needed > to_end ? static_cast<std::uint32_t>(to_end) : 0;
  const std::uint64_t total = std::uint64_t{needed} + pad_;
  if (tail_ + total - head_ > capacity_) {
    if (!refresh_head() || tail_ + total - head_ > capacity_) return nullptr;
  }
  if (pad_ == 0) return data_ + place;
  // The pad is written now but seen only together with the record that publish() makes visible.
  RecordHeader pad;
  pad.bytes = pad_;
  pad.kind = RecordKind::Pad;
  std::memcpy(data_ + place, &pad, 8);
  return data_;
}

std::uint64_t RingProducer::publish(std::uint32_t bytes) noexcept {
  tail_ += std::uint64_t{padded(bytes)} + pad_;
  pad_ = 0;
  ring_->tail.store(tail_, std::memory_order_release);
  return tail_;
}

bool RingProducer::must_ring() noexcept {
  // Pairs with the fence in RingConsumer::prepare_sleep: either the consumer sees our tail or we see its flag.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (consumer_->sleeping.load(std::memory_order_relaxed) == 0) return false;
  return consumer_->sleeping.exchange(0, std::memory_order_acq_rel) != 0;
}

bool RingProducer::refresh_head() noexcept {
  const std::uint64_t head = consumer_->head.load(std::memory_order_acquire);
  if (head < head_ || head > tail_ || head % 8 != 0) return false;
  head_ = head;
  return true;
}

std::uint64_t RingProducer::handled() const noexcept { return consumer_->handled.load(std::memory_order_acquire); }

bool RingProducer::attached() const noexcept { return consumer_->attached.load(std::memory_order_acquire) != 0; }

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

void RingProducer::set_cpu(std::uint32_t cpu) noexcept { ring_->producer_cpu.store(cpu, std::memory_order_relaxed); }

}  // namespace busbar
