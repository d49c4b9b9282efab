// RegionRegistry: allocates memory regions and reuses each one once no process holds it, so that a
// region costs neither system calls nor page faults in the steady state. Used by both interfaces,
// native/node and native/ffi.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "core/region/region_table.h"

namespace busbar {

struct RegistryLimits {
  // Of all its regions together.
  std::uint64_t max_bytes = kRegistryBytes;
  // How long maintain() keeps an unused region.
  std::chrono::milliseconds idle{kRegistryIdleMs};
  // What other processes may do with the regions.
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
  // A free region may be this many times as large as the request.
  static constexpr std::uint64_t kMaxTooLarge = 4;

  RegionRegistry(Platform& platform, RegionTable& regions, const RegistryLimits& limits) noexcept
      : platform_(platform), regions_(regions), limits_(limits) {}
  // As clear().
  ~RegionRegistry();
  RegionRegistry(const RegionRegistry&) = delete;
  RegionRegistry& operator=(const RegionRegistry&) = delete;

  // A region of at least `min_bytes`, with one reference. `on_free` (may be empty) is called once
  // when no process holds the region any more: on the keeper's thread, or inside a later call of
  // this object that finds it out first. LimitExceeded: all regions are in use.
  [[nodiscard]] Result<RegionReference> alloc(std::uint64_t min_bytes, std::string_view tag,
                                              std::function<void()> on_free);
  // Gives regions that were unused for `idle` back to the system; returns how many.
  std::size_t maintain(std::chrono::milliseconds idle);
  std::size_t maintain() { return maintain(limits_.idle); }
  // Gives all free regions back to the system; a region in use follows when its last holder
  // releases it. No on_free is called any more.
  void clear();
  [[nodiscard]] RegistryStats stats();

 private:
  struct Entry {
    std::shared_ptr<MemoryRegion> region;
    std::string tag;
    // When the region was last seen in use.
    TimePoint used_at;
    // 0: no on_free, or it was called.
    RegionKeeper::Watch watch = 0;
    std::function<void()> on_free;
    // Set when on_free is called, by whichever thread is first.
    std::shared_ptr<std::atomic<bool>> told;
  };
  using Entries = std::list<Entry>;

  // Whether no process holds the region; then its on_free has been called. `purge`: clears the
  // references of dead processes first.
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
