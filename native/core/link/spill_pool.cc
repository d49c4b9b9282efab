// Pooled shared memory for large payloads.
#include "core/link/spill_pool.h"

#include <algorithm>
#include <bit>

namespace busbar {
namespace {

bool is_free(const std::shared_ptr<const SpillRegion>& region) noexcept {
  return region.use_count() == 1;
}

// Few distinct sizes, so that regions fit again: powers of two up to 1 MiB, whole MiB above.
std::size_t rounded(std::size_t bytes) noexcept {
  constexpr std::size_t kSmallest = 64U << 10U;
  constexpr std::size_t kStep = 1U << 20U;
  if (bytes <= kStep) return std::bit_ceil(std::max(bytes, kSmallest));
  return (bytes + kStep - 1) / kStep * kStep;
}

}  // namespace

Result<std::shared_ptr<const SpillRegion>> SpillPool::acquire(std::size_t bytes) {
  const std::shared_ptr<const SpillRegion>* best = nullptr;
  for (const auto& region : regions_) {
    const std::size_t size = region->memory().size();
    // Not more than four times too large, or one huge message would pin its region to small ones.
    if (!is_free(region) || size < bytes || size / 4 > rounded(bytes)) continue;
    if (best == nullptr || size < (*best)->memory().size()) best = &region;
  }
  if (best != nullptr) return lend(*best);
  auto memory = platform_.create_memory(rounded(bytes), Access::ReadOnly);
  if (!memory) return memory.error();
  regions_.push_back(std::make_shared<const SpillRegion>(next_id_++, memory.take()));
  return lend(regions_.back());
}

// What is lent is a pointer of its own, so that the pool's pointer is alone again, and the charge
// gone, as soon as the last of its copies is.
SpillPool::Region SpillPool::lend(const Region& region) {
  const auto charge = std::make_shared<Charge>(budget_, region->memory().size());
  return {region.get(), [region, charge](const SpillRegion*) {}};
}

void SpillPool::retire(const SpillRegion& retired) {
  std::erase_if(regions_, [&retired](const auto& region) { return region.get() == &retired; });
}

std::uint64_t SpillPool::idle_bytes() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& region : regions_) {
    if (is_free(region)) sum += region->memory().size();
  }
  return sum;
}

std::vector<std::uint64_t> SpillPool::trim() {
  std::vector<std::uint64_t> removed;
  std::uint64_t idle = idle_bytes();
  while (idle > kIdleBytes) {
    auto largest = regions_.end();
    for (auto it = regions_.begin(); it != regions_.end(); ++it) {
      if (!is_free(*it)) continue;
      if (largest == regions_.end() || (*it)->memory().size() > (*largest)->memory().size())
        largest = it;
    }
    if (largest == regions_.end()) break;
    idle -= (*largest)->memory().size();
    removed.push_back((*largest)->id());
    regions_.erase(largest);
  }
  return removed;
}

}  // namespace busbar
