// Pooled shared memory for large payloads.
#include "core/link/spill_pool.h"

#include <algorithm>
#include <bit>

namespace busbar {
namespace {

// Few distinct sizes, so that spills fit again: powers of two up to 1 MiB, whole MiB above.
std::size_t rounded(std::size_t bytes) noexcept {
  constexpr std::size_t kSmallest = 64U << 10U;
  constexpr std::size_t kStep = 1U << 20U;
  if (bytes <= kStep) return std::bit_ceil(std::max(bytes, kSmallest));
  return (bytes + kStep - 1) / kStep * kStep;
}

}  // namespace

Result<std::shared_ptr<const Spill>> SpillPool::acquire(std::size_t bytes) {
  const std::shared_ptr<const Spill>* best = nullptr;
  for (const auto& spill : spills_) {
    const std::size_t size = spill->memory().size();
    // Not more than four times too large, or one huge message would pin its spill to small ones.
    if (!is_free(spill) || size < bytes || size / 4 > rounded(bytes)) continue;
    if (best == nullptr || size < (*best)->memory().size()) best = &spill;
  }
  if (best != nullptr) return lend(*best);
  auto memory = platform_.create_memory(rounded(bytes), Access::ReadOnly);
  if (!memory) return memory.error();
  spills_.push_back(std::make_shared<const Spill>(next_id_++, memory.take()));
  return lend(spills_.back());
}

// Borrowers get another pointer than the pool, so that the pool's pointer is alone again, and the
// charge gone, as soon as the last of their copies is.
SpillPool::SharedSpill SpillPool::lend(const SharedSpill& spill) {
  const auto charge = std::make_shared<Charge>(budget_, spill->memory().size());
  return {spill.get(), [spill, charge](const Spill*) {}};
}

void SpillPool::retire(const Spill& retired) {
  std::erase_if(spills_, [&retired](const auto& spill) { return spill.get() == &retired; });
  slabs_.retire(retired);
}

std::uint64_t SpillPool::idle_bytes() const noexcept {
  std::uint64_t sum = slabs_.idle_bytes();
  for (const auto& spill : spills_) {
    if (is_free(spill)) sum += spill->memory().size();
  }
  return sum;
}

std::optional<std::uint64_t> SpillPool::drop_largest() {
  auto largest = spills_.end();
  for (auto it = spills_.begin(); it != spills_.end(); ++it) {
    if (!is_free(*it)) continue;
    if (largest == spills_.end() || (*it)->memory().size() > (*largest)->memory().size())
      largest = it;
  }
  if (largest == spills_.end()) return std::nullopt;
  const std::uint64_t id = (*largest)->id();
  spills_.erase(largest);
  return id;
}

std::vector<std::uint64_t> SpillPool::trim(std::uint64_t keep) {
  std::vector<std::uint64_t> removed;
  while (idle_bytes() > keep) {
    auto dropped = drop_largest();
    if (!dropped) dropped = slabs_.drop_coldest();
    if (!dropped) break;
    removed.push_back(*dropped);
  }
  return removed;
}

}  // namespace busbar
