// RegionBundle: the memory regions of one message. The sender keeps them mapped until the receiver
// has taken the message, because until then another receiver may have to get them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/region/memory_region.h"
#include "core/ring/record.h"

namespace busbar {

struct RegionRange {
  std::shared_ptr<MemoryRegion> region;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

struct RegionBundle {
  std::vector<RegionRange> ranges;
  // The same ranges in the form of the record.
  std::vector<RegionMention> mentions;

  explicit RegionBundle(std::vector<RegionRange> parts) : ranges(std::move(parts)) {
    mentions.reserve(ranges.size());
    for (const RegionRange& range : ranges)
      mentions.push_back({range.region->id(), range.offset, range.bytes});
  }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return std::as_bytes(std::span(mentions));
  }
};

// Counts this process as a holder of a bundle's regions, while nothing else counts for the message.
class RegionClaim {
 public:
  explicit RegionClaim(std::shared_ptr<const RegionBundle> bundle) noexcept
      : bundle_(std::move(bundle)) {
    for (const RegionRange& range : bundle_->ranges) range.region->hold();
  }
  ~RegionClaim() {
    for (const RegionRange& range : bundle_->ranges) range.region->release();
  }
  RegionClaim(const RegionClaim&) = delete;
  RegionClaim& operator=(const RegionClaim&) = delete;

 private:
  std::shared_ptr<const RegionBundle> bundle_;
};

}  // namespace busbar
