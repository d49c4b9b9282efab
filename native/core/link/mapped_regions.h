// MappedRegions: the memory regions that one sender gave to the receiving end of its link, and
// those of its records that are still under way. Every call with the endpoint's lock held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "core/link/arrival.h"
#include "core/link/holdings.h"
#include "core/region/region_table.h"
#include "core/ring/record.h"
#include "platform/platform.h"

namespace busbar {

class MappedRegions {
 public:
  // The most regions that stay mapped between messages, and their bytes in all; what a sender
  // allows itself (RegionFlights::kMaxGivenMemory).
  static constexpr std::size_t kMaxRegions = 128;
  static constexpr std::uint64_t kMaxBytes = 1ULL << 40U;

  // `path`: what references are counted under while they are under way on this link.
  // `table` and `holdings` outlive it.
  MappedRegions(RegionTable& table, LinkHoldings& holdings, FlightPath path) noexcept
      : table_(table), holdings_(holdings), path_(path) {}
  MappedRegions(const MappedRegions&) = delete;
  MappedRegions& operator=(const MappedRegions&) = delete;

  [[nodiscard]] Arrival add(std::uint64_t id, std::uint64_t bytes, std::vector<Handle> handles);
  // Nothing if it is not here: perhaps it was lost on its way.
  void forget(std::uint64_t id);
  // nullptr when it is not here; until the next add() or forget().
  [[nodiscard]] const std::shared_ptr<MemoryRegion>* find(std::uint64_t id) const noexcept;

  // `region` is mentioned by the record that ends at `position`: counted as this process's own from
  // now on, and as under way until land() has passed it.
  void hold(const std::shared_ptr<MemoryRegion>& region, std::uint64_t position);
  // Regions that the program has, up to `position`, are under way no more. Until then they count
  // twice: if this endpoint ends before, the sender still has what another receiver is to get.
  void land(std::uint64_t position) {
    if (!landings_.empty()) land_now(position);
  }
  // References that the sender, who is gone, had still under way are counted no more.
  void end_flights();

 private:
  struct Region {
    std::uint64_t id = 0;
    std::shared_ptr<MemoryRegion> region;
  };
  struct Landing {
    std::uint64_t position = 0;
    std::shared_ptr<MemoryRegion> region;
  };

  void land_now(std::uint64_t position);

  RegionTable& table_;
  LinkHoldings& holdings_;
  const FlightPath path_;
  std::vector<Region> regions_;
  std::uint64_t bytes_ = 0;
  // Of records that are not released yet, in their order.
  std::deque<Landing> landings_;
};

}  // namespace busbar
