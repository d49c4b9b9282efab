// RecordQueue: records that wait in the sender's own memory because a ring is full. First in, first
// out. In blocks instead of one allocation per record, since under backpressure every message
// passes here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/budget.h"
#include "core/ring/record.h"

namespace busbar {

class RecordQueue {
 public:
  // Queued bytes are charged to `budget`.
  explicit RecordQueue(Budget& budget) noexcept : bytes_(budget) {}

  [[nodiscard]] bool empty() const noexcept { return blocks_.empty(); }
  // Bytes of all queued records, padding included.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_.amount(); }
  // True if the budget allows `bytes` more.
  [[nodiscard]] bool may_grow(std::uint64_t bytes) const noexcept { return bytes_.may_grow(bytes); }

  // Room for one record at the end. The record is queued at once; fill it before the next call.
  [[nodiscard]] std::byte* append(std::uint32_t bytes);
  // The first record; only when not empty.
  [[nodiscard]] std::span<const std::byte> front() const noexcept;
  void pop_front() noexcept;

 private:
  struct Block {
    std::unique_ptr<std::byte[]> memory;
    std::size_t capacity = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  static constexpr std::size_t kBlockBytes = 256U << 10U;
  // How many empty blocks are kept: fresh memory costs a page fault per 4 KiB.
  static constexpr std::size_t kSpareBlocks = 8;

  [[nodiscard]] static Block new_block(std::size_t needed);
  [[nodiscard]] Block take_spare() noexcept;

  std::deque<Block> blocks_;
  std::vector<Block> spare_;
  Charge bytes_;
};

}  // namespace busbar
