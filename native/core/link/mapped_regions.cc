// The memory regions that a sender gave to the receiving end of a link.
#include "core/link/mapped_regions.h"

#include <algorithm>
#include <utility>

#include "core/link/link_frame.h"
#include "core/link/region_flights.h"

namespace busbar {

static_assert(RegionFlights::kMaxGivenMemory <= MappedRegions::kMaxRegions);

Arrival MappedRegions::add(std::uint64_t id, std::uint64_t bytes, std::vector<Handle> handles) {
  if (find(id) != nullptr)
    return handles.size() == kRegionHandles ? Arrival::Kept : Arrival::Broken;
  if (regions_.size() >= kMaxRegions || bytes > kMaxBytes || bytes_ + bytes > kMaxBytes)
    return Arrival::Broken;
  const Holding holding{kRegionHandles, 2, bytes};
  if (!holdings_.add(holding)) return Arrival::Lost;
  auto region = table_.adopt(id, bytes, std::move(handles));
  if (!region) {
    holdings_.subtract(holding);
    return region.status() == Status::ProtocolViolation ? Arrival::Broken : Arrival::Lost;
  }
  bytes_ += bytes;
  regions_.push_back({id, region.take()});
  return Arrival::Kept;
}

void MappedRegions::forget(std::uint64_t id) {
  const auto found = std::find_if(regions_.begin(), regions_.end(),
                                  [id](const Region& each) { return each.id == id; });
  if (found == regions_.end()) return;
  const std::uint64_t size = found->region->size();
  bytes_ -= size;
  holdings_.subtract({kRegionHandles, 2, size});
  regions_.erase(found);
}

const std::shared_ptr<MemoryRegion>* MappedRegions::find(std::uint64_t id) const noexcept {
  for (const Region& each : regions_) {
    if (each.id == id) return &each.region;
  }
  return nullptr;
}

void MappedRegions::hold(const std::shared_ptr<MemoryRegion>& region, std::uint64_t position) {
  region->hold();
  landings_.push_back({position, region});
}

void MappedRegions::land_now(std::uint64_t position) {
  for (; !landings_.empty() && landings_.front().position <= position; landings_.pop_front())
    landings_.front().region->land(path_);
}

void MappedRegions::end_flights() {
  for (const Region& each : regions_) each.region->end_flight(path_);
}

}  // namespace busbar
