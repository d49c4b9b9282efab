// Records waiting in the sender's memory.
#include "core/record_queue.h"

#include <algorithm>
#include <cstring>

namespace busbar {

std::byte* RecordQueue::append(std::uint32_t bytes) {
  const std::size_t needed = padded(bytes);
  if (blocks_.empty() || blocks_.back().capacity - blocks_.back().end < needed) {
    const std::size_t capacity = std::max(kBlockBytes, needed);
    blocks_.push_back(Block{std::unique_ptr<std::byte[]>(new std::byte[capacity]), capacity, 0, 0});
  }
  Block& block = blocks_.back();
  std::byte* place = block.memory.get() + block.end;
  block.end += needed;
  bytes_ += needed;
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
  bytes_ -= bytes;
  if (block.begin == block.end) blocks_.pop_front();
}

}  // namespace busbar
