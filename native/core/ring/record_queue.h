// RecordQueue: records that wait in the sender's own memory because a ring is full. First in, first
// out; blocks of memory instead of one allocation a record, since under backpressure every message
// comes through here.
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
  // What waits here is charged to `budget`.
  explicit RecordQueue(Budget& budget) noexcept : bytes_(budget) {}

  [[nodiscard]] bool empty() const noexcept { return blocks_.empty(); }
  // Bytes of all queued records, padding included.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_.amount(); }
  // Whether the budget allows so many more.
  [[nodiscard]] bool may_grow(std::uint64_t bytes) const noexcept { return bytes_.may_grow(bytes); }

  // Room for one record at the end; it is queued at once, to be filled before the next call.
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
  // Emptied blocks that are kept: fresh memory costs a page fault for each 4 KiB.
  static constexpr std::size_t kSpareBlocks = 8;

  [[nodiscard]] static Block new_block(std::size_t needed);
  [[nodiscard]] Block take_spare() noexcept;

  std::deque<Block> blocks_;
  std::vector<Block> spare_;
  Charge bytes_;
};

}  // namespace busbar
