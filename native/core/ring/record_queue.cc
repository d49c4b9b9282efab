// Records waiting in the sender's memory.
#include "core/ring/record_queue.h"

#include <algorithm>
#include <cstring>

namespace busbar {

std::byte* RecordQueue::append(std::uint32_t bytes) {
  const std::size_t needed = padded(bytes);
  if (blocks_.empty() || blocks_.back().capacity - blocks_.back().end < needed) {
    const bool reuse = needed <= kBlockBytes && !spare_.empty();
    blocks_.emplace_back(reuse ? take_spare() : new_block(needed));
  }
  Block& block = blocks_.back();
  std::byte* place = block.memory.get() + block.end;
  block.end += needed;
  bytes_.add(needed);
  return place;
}

std::span<const std::byte> RecordQueue::front() const noexcept {
  const Block& block = blocks_.front();
  const std::byte* record = block.memory.get() + block.begin;
  std::uint32_t bytes = 0;
  std::memcpy(&bytes, record, sizeof bytes);
  return {record, bytes};
}

void RecordQueue::pop_front() noexcept {
  Block& block = blocks_.front();
  const std::size_t bytes = padded(static_cast<std::uint32_t>(front().size()));
  block.begin += bytes;
  bytes_.subtract(bytes);
  if (block.begin != block.end) return;
  if (block.capacity == kBlockBytes && spare_.size() < kSpareBlocks)
    spare_.push_back(std::move(block));
  blocks_.pop_front();
}

RecordQueue::Block RecordQueue::new_block(std::size_t needed) {
  const std::size_t capacity = std::max(kBlockBytes, needed);
  Block block;
  block.memory.reset(new std::byte[capacity]);
  block.capacity = capacity;
  return block;
}

RecordQueue::Block RecordQueue::take_spare() noexcept {
  Block block = std::move(spare_.back());
  spare_.pop_back();
  block.begin = 0;
  block.end = 0;
  return block;
}

}  // namespace busbar
