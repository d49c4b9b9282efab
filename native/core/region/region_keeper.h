// RegionKeeper: tells when a region that this process owns is free again: its last holder, wherever
// it runs, has let go or died. One thread, started when somebody first asks; asleep but when a
// holder rings or ends.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "platform/platform.h"

namespace busbar {

class MemoryRegion;

// Every call from any thread.
class RegionKeeper {
 public:
  using Watch = std::uint64_t;

  explicit RegionKeeper(Platform& platform) noexcept : platform_(platform) {}
  ~RegionKeeper();
  RegionKeeper(const RegionKeeper&) = delete;
  RegionKeeper& operator=(const RegionKeeper&) = delete;

  // For a holder in another process: by what it rings.
  [[nodiscard]] Result<Handle> bell();
  // A holder in this process rings.
  void ring(std::uint64_t region_id) noexcept;

  // Calls `on_free(watch)` once, on the keeper's thread, when `region`, which this process owns, is
  // free; it must not call back into here. The region stays mapped until then.
  [[nodiscard]] Result<Watch> watch(std::shared_ptr<MemoryRegion> region,
                                    std::function<void(Watch)> on_free);
  // Not called any more once this has returned.
  void unwatch(Watch watch);

 private:
  struct Watched {
    std::shared_ptr<MemoryRegion> region;
    std::function<void(Watch)> on_free;
  };
  // Each takes a descriptor, and a ledger may name processes that never held anything. They are
  // kept, because their regions come and go; when there are so many, all are let go of and those
  // that are still named watched anew. Who finds no place is looked at now and then.
  static constexpr std::size_t kMaxWatchedProcesses = 64;

  [[nodiscard]] Error start();
  [[nodiscard]] Error open_bell();

  // The keeper's thread.
  void run();
  void handle(const Readiness& readiness);
  void read_bell();
  void look();
  [[nodiscard]] std::vector<std::shared_ptr<MemoryRegion>> regions_to_look_at();
  [[nodiscard]] bool free_now(MemoryRegion& region);
  void tell(MemoryRegion& region);
  void watch_process(std::uint64_t token);
  void poll_later();
  void forget_processes();
  void stop_watching(MemoryRegion& region);

  Platform& platform_;
  std::mutex mutex_;
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<Channel> bell_;
  Handle their_bell_;
  std::unique_ptr<Thread> thread_;
  bool stopping_ = false;
  std::map<Watch, Watched> watches_;
  Watch next_watch_ = 1;
  // Regions to look at.
  std::set<std::uint64_t> rung_;
  // The keeper's thread alone, as all that follows: reactor token by process.
  std::map<std::uint32_t, std::uint64_t> processes_;
  std::uint64_t next_token_ = 2;
  // When to look at all, because some process is not watched, for want of a descriptor or a place.
  std::optional<TimePoint> poll_at_;
  bool look_at_all_ = false;
};

}  // namespace busbar
