// Payloads side by side in shared memory.
#include "core/link/spill_slabs.h"

#include <algorithm>
#include <iterator>

namespace busbar {
namespace {

// The copy of one payload shares no cache line with the next one.
constexpr std::size_t kAlignment = 64;

std::size_t aligned(std::size_t bytes) noexcept {
  return (bytes + kAlignment - 1) & ~(kAlignment - 1);
}

}  // namespace

bool SpillSlabs::prepare(std::size_t bytes) {
  const bool in_use = !lent_.expired();
  if (!in_use) {
    if (!budget_.has_room(kSlabBytes)) return false;
    if (!slabs_.empty()) used_ = 0;
  }
  if (kSlabBytes - used_ >= aligned(bytes)) return true;
  return (!in_use || budget_.has_room(kSlabBytes)) && next_slab();
}

bool SpillSlabs::next_slab() {
  const auto found = std::find_if(slabs_.rbegin(), slabs_.rend(), is_free);
  if (found != slabs_.rend()) {
    std::rotate(std::prev(found.base()), found.base(), slabs_.end());
  } else {
    auto memory = platform_.create_memory(kSlabBytes, Access::ReadOnly);
    if (!memory) return false;
    slabs_.push_back(std::make_shared<const Spill>(next_id_++, memory.take(), Spill::Kind::Shared));
  }
  used_ = 0;
  lent_.reset();
  return true;
}

SpillPlace SpillSlabs::take(std::size_t bytes) {
  SharedSpill lent = lent_.lock();
  if (lent == nullptr) {
    lent = lend(slabs_.back());
    lent_ = lent;
  }
  const std::size_t offset = used_;
  used_ += aligned(bytes);
  return {std::move(lent), offset};
}

// A pointer of its own, so that the slab is free, and the charge gone, with its last copy.
SpillSlabs::SharedSpill SpillSlabs::lend(const SharedSpill& slab) {
  struct Lent {
    SharedSpill slab;
    Charge charge;
  };
  const auto lent = std::make_shared<Lent>(Lent{slab, Charge(budget_, kSlabBytes)});
  return {lent, slab.get()};
}

std::uint64_t SpillSlabs::idle_bytes() const noexcept {
  return static_cast<std::uint64_t>(std::count_if(slabs_.begin(), slabs_.end(), is_free)) *
         kSlabBytes;
}

std::optional<std::uint64_t> SpillSlabs::drop_coldest() {
  const auto found = std::find_if(slabs_.begin(), slabs_.end(), is_free);
  if (found == slabs_.end()) return std::nullopt;
  const std::uint64_t id = (*found)->id();
  retire(**found);
  return id;
}

void SpillSlabs::retire(const Spill& retired) {
  const auto found = std::find_if(slabs_.begin(), slabs_.end(),
                                  [&retired](const auto& slab) { return slab.get() == &retired; });
  if (found == slabs_.end()) return;
  if (std::next(found) == slabs_.end()) {
    used_ = kSlabBytes;
    lent_.reset();
  }
  slabs_.erase(found);
}

}  // namespace busbar
