// Memory regions on the receiving end of a link.
#include <algorithm>

#include "core/link/inbound_link.h"
#include "core/link/link_frame.h"
#include "core/link/region_flights.h"

namespace busbar {

static_assert(RegionFlights::kMaxGivenMemory <= InboundLink::kMaxMemory);

InboundLink::~InboundLink() {
  // First the channel: a sender that leaves references to us finds out that we did not see them.
  channel_.reset();
  for (const Memory& memory : memory_) memory.region->end_flight({peer_id_, link_id_});
}

bool InboundLink::add_memory(std::uint64_t id, std::uint64_t bytes, std::vector<Handle> handles) {
  if (memory(id) != nullptr) return handles.size() == kRegionHandles;
  if (memory_.size() >= kMaxMemory || bytes > kMaxMemoryBytes ||
      memory_bytes_ + bytes > kMaxMemoryBytes)
    return false;
  const Holding holding{kRegionHandles, 2, bytes};
  if (!holdings_.add(holding)) {
    lost_handles_ = true;
    return true;
  }
  auto region = region_table_.adopt(id, bytes, std::move(handles));
  if (!region) {
    holdings_.subtract(holding);
    // What this process lacks is not the sender's fault. The program that takes the message learns
    // it.
    if (region.status() == Status::ProtocolViolation) return false;
    lost_handles_ = true;
    return true;
  }
  memory_bytes_ += bytes;
  memory_.push_back({id, region.take()});
  return true;
}

void InboundLink::forget_memory(std::uint64_t id) {
  const auto found = std::find_if(memory_.begin(), memory_.end(),
                                  [id](const Memory& memory) { return memory.id == id; });
  // Perhaps it was lost on its way.
  if (found == memory_.end()) return;
  memory_bytes_ -= found->region->size();
  holdings_.subtract({kRegionHandles, 2, found->region->size()});
  memory_.erase(found);
}

const std::shared_ptr<MemoryRegion>* InboundLink::memory(std::uint64_t id) const noexcept {
  for (const Memory& candidate : memory_) {
    if (candidate.id == id) return &candidate.region;
  }
  return nullptr;
}

Status InboundLink::take_regions(const Extensions& extensions, std::vector<RegionReference>& out) {
  const std::size_t count = extensions.region_count();
  const std::size_t before = out.size();
  for (std::size_t i = 0; i < count; ++i) {
    const RegionMention mention = extensions.region(i);
    const auto* region = memory(mention.region_id);
    if (region == nullptr) continue;
    const std::uint64_t size = (*region)->size();
    if (mention.bytes == 0 || mention.offset > size || mention.bytes > size - mention.offset)
      return Status::ProtocolViolation;
    (*region)->hold();
    landings_.push_back({consumer_.end_of_peeked(), *region});
    out.emplace_back(*region, mention.offset, mention.bytes);
  }
  if (out.size() - before == count) return Status::Ok;
  if (!lost_handles_) return Status::ProtocolViolation;
  tell_lost(extensions);
  while (out.size() > before) out.pop_back();
  return Status::OutOfDescriptors;
}

// What is the program's is under way no more. Until then it is counted twice: if this endpoint ends
// before, the sender still has what another receiver is to get.
void InboundLink::land_released() {
  for (; !landings_.empty() && landings_.front().position <= taken_; landings_.pop_front())
    landings_.front().region->land({peer_id_, link_id_});
}

void InboundLink::tell_lost(const Extensions& extensions) {
  for (std::size_t i = 0; i < extensions.region_count(); ++i) {
    const std::uint64_t id = extensions.region(i).region_id;
    if (memory(id) == nullptr) tell({LinkFrameKind::LostMemory, id, 1});
  }
}

}  // namespace busbar
