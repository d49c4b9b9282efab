// The spills that the receiving end of a link has mapped.
#include "core/link/mapped_spills.h"

#include <algorithm>
#include <utility>

namespace busbar {

Arrival MappedSpills::add(Platform& platform, std::uint64_t id, std::uint64_t bytes,
                          Handle handle) {
  // Asked for once more while it was under way.
  if (has(id)) return Arrival::Kept;
  if (spills_.size() >= kMaxSpills || bytes > kMaxBytes || bytes_ + bytes > kMaxBytes)
    return Arrival::Broken;
  if (!holdings_.add({0, 1, bytes})) return Arrival::Lost;
  auto memory = platform.adopt_memory(std::move(handle), bytes, Access::ReadOnly);
  if (!memory) {
    holdings_.subtract({0, 1, bytes});
    // If this process lacks something, it asks for the spill again when it needs it.
    return memory.status() == Status::ProtocolViolation ? Arrival::Broken : Arrival::Lost;
  }
  memory.value()->stop_sharing();
  bytes_ += bytes;
  spills_.push_back({id, memory.take()});
  return Arrival::Kept;
}

void MappedSpills::forget(std::uint64_t id) {
  const auto found = std::find_if(spills_.begin(), spills_.end(),
                                  [id](const Spill& spill) { return spill.id == id; });
  if (found == spills_.end()) return;
  const std::uint64_t size = found->memory->size();
  bytes_ -= size;
  holdings_.subtract({0, 1, size});
  spills_.erase(found);
}

const MappedSpills::Spill* MappedSpills::find(std::uint64_t id) const noexcept {
  if (last_ < spills_.size() && spills_[last_].id == id) return &spills_[last_];
  for (std::size_t i = 0; i < spills_.size(); ++i) {
    if (spills_[i].id != id) continue;
    last_ = i;
    return &spills_[i];
  }
  return nullptr;
}

std::span<const std::byte> MappedSpills::bytes(const SpillReference& reference) const noexcept {
  const Spill* found = find(reference.spill_id);
  if (found == nullptr || reference.bytes == 0) return {};
  const std::uint64_t size = found->memory->size();
  if (reference.offset > size || reference.bytes > size - reference.offset) return {};
  return {found->memory->data() + reference.offset, reference.bytes};
}

std::shared_ptr<SharedMemory> MappedSpills::memory(const SpillReference& reference) const noexcept {
  const Spill* found = find(reference.spill_id);
  return found == nullptr ? nullptr : found->memory;
}

}  // namespace busbar
