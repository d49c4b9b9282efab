// RegionRegistry: allocates memory regions and reuses them once no process holds them: no system
// call and no page fault in the steady state. The counterpart of src/memory/memory-registry.ts for
// programs without Node.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "core/region/region_table.h"

namespace busbar {

struct RegistryLimits {
  // For all its regions together.
  std::uint64_t max_bytes = 1ULL << 30U;
  // maintain() frees a region that was unused for this long.
  std::chrono::milliseconds idle{30'000};
  Access peers = Access::ReadWrite;
};

struct RegistryStats {
  std::uint64_t regions = 0;
  std::uint64_t bytes = 0;
  std::uint64_t in_use = 0;
  std::uint64_t created = 0;
  std::uint64_t reused = 0;
};

// One thread at a time.
class RegionRegistry {
 public:
  static constexpr std::uint64_t kPageBytes = 4096;
  // A reused region may be this many times as large as the request.
  static constexpr std::uint64_t kMostTooLarge = 4;

  RegionRegistry(Platform& platform, RegionTable& regions, const RegistryLimits& limits) noexcept
      : platform_(platform), regions_(regions), limits_(limits) {}
  // Regions in use are freed when their last holder releases them; `on_free` is not called any
  // more.
  ~RegionRegistry();
  RegionRegistry(const RegionRegistry&) = delete;
  RegionRegistry& operator=(const RegionRegistry&) = delete;

  // A region of at least `min_bytes`, with one reference. `on_free` (may be empty) is called once,
  // on the keeper's thread or in a later call of this registry, when no process holds the region.
  // LimitExceeded: all are in use.
  [[nodiscard]] Result<RegionReference> alloc(std::uint64_t min_bytes, std::string_view tag,
                                              std::function<void()> on_free);
  // Returns regions to the system that were unused for the idle time; returns their number.
  std::size_t maintain();
  [[nodiscard]] RegistryStats stats();

 private:
  struct Entry {
    std::shared_ptr<MemoryRegion> region;
    std::string tag;
    // When it was last seen in use.
    TimePoint used_at;
    // 0: no `on_free` to call.
    RegionKeeper::Watch watch = 0;
    std::function<void()> on_free;
    // Set by the thread that calls `on_free`.
    std::shared_ptr<std::atomic<bool>> told;
  };
  using Entries = std::list<Entry>;

  // True if no process holds it; `on_free` was then called.
  [[nodiscard]] bool is_free(Entry& entry, bool purge);
  void stop_watching(Entry& entry);
  [[nodiscard]] bool fits(const Entry& entry, std::uint64_t bytes, std::string_view tag) const;
  [[nodiscard]] Entries::iterator find_free(std::uint64_t bytes, std::string_view tag);
  [[nodiscard]] Entries::iterator make_room(std::uint64_t bytes, std::string_view tag);
  Entries::iterator remove(Entries::iterator entry);

  Platform& platform_;
  RegionTable& regions_;
  const RegistryLimits limits_;
  Entries entries_;
  TimePoint purged_at_{};
  std::uint64_t bytes_ = 0;
  std::uint64_t created_ = 0;
  std::uint64_t reused_ = 0;
};

}  // namespace busbar
