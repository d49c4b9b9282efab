// RegionKeeper: reports when a region of this process is free again: when its last holder, in any
// process, has released it or died. One thread, started by the first watch; it sleeps until a
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

  // The bell for holders in other processes.
  [[nodiscard]] Result<Handle> bell();
  // Rings for a holder in this process.
  void ring(std::uint64_t region_id) noexcept;

  // Calls `on_free(watch)` once, on the keeper's thread, when `region`, which this process owns, is
  // free; it must not call the keeper. The region stays mapped until then.
  [[nodiscard]] Result<Watch> watch(std::shared_ptr<MemoryRegion> region,
                                    std::function<void(Watch)> on_free);
  // `on_free` is not called after this has returned.
  void unwatch(Watch watch);

 private:
  struct Watched {
    std::shared_ptr<MemoryRegion> region;
    std::function<void(Watch)> on_free;
  };
  // Each watch takes a descriptor, and a ledger may name processes that never held a region.
  // Watches are kept, because regions come and go; at this limit all are dropped, and the processes
  // that ledgers still name are watched again. Processes beyond the limit are polled.
  static constexpr std::size_t kMaxWatchedProcesses = 64;

  [[nodiscard]] Error start();
  [[nodiscard]] Error open_bell();

  // On the keeper's thread.
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
  // Regions to check.
  std::set<std::uint64_t> rung_;
  // Reactor tokens by process. The members from here on belong to the keeper's thread.
  std::map<std::uint32_t, std::uint64_t> processes_;
  std::uint64_t next_token_ = 2;
  // When to check all regions, because some process is not watched: no descriptor or no room.
  std::optional<TimePoint> poll_at_;
  bool look_at_all_ = false;
};

}  // namespace busbar
