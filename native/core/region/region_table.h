// RegionTable: the memory regions that this process has mapped, each once; creates new ones. Every
// call from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/region/memory_region.h"
#include "core/region/region_keeper.h"
#include "platform/platform.h"

namespace busbar {

class RegionTable {
 public:
  // Must outlive every region made here.
  explicit RegionTable(Platform& platform) noexcept : platform_(platform), keeper_(platform) {}
  RegionTable(const RegionTable&) = delete;
  RegionTable& operator=(const RegionTable&) = delete;

  // A new region of `bytes` zeros that this process owns, without references so far. `peers`: the
  // access of other processes, ReadOnly or ReadWrite. InvalidArgument: 0 bytes, or above
  // kMaxRegionBytes.
  [[nodiscard]] Result<std::shared_ptr<MemoryRegion>> create(std::uint64_t bytes, Access peers);
  // Maps a region that a peer handed over, or returns it if this process has it already.
  // ProtocolViolation when its handles do not match `id` and `bytes`, or above kMaxRegionBytes.
  [[nodiscard]] Result<std::shared_ptr<MemoryRegion>> adopt(std::uint64_t id, std::uint64_t bytes,
                                                            std::vector<Handle> handles);

  // Calls `listener` whenever a region was unmapped, on whichever thread unmapped it, until
  // remove_listener() returns.
  std::uint64_t add_listener(std::function<void()> listener);
  void remove_listener(std::uint64_t number);

  [[nodiscard]] RegionKeeper& keeper() noexcept { return keeper_; }
  // This process's token.
  [[nodiscard]] std::uint64_t self() noexcept;
  [[nodiscard]] std::uint64_t token_of(std::uint32_t pid) noexcept {
    return platform_.process_token(pid);
  }
  [[nodiscard]] bool is_alive(std::uint64_t token) noexcept {
    return platform_.process_token(static_cast<std::uint32_t>(token)) == token;
  }
  // Called by a region's destructor.
  void on_gone(const MemoryRegion& region) noexcept;

 private:
  // Region id, and true if this process owns it.
  using Key = std::pair<std::uint64_t, bool>;

  [[nodiscard]] std::shared_ptr<MemoryRegion> find(std::uint64_t id, const Handle& data,
                                                   const Handle& ledger);
  [[nodiscard]] Result<std::shared_ptr<MemoryRegion>> add(MemoryRegion::Parts parts,
                                                          bool read_only);

  Platform& platform_;
  std::mutex mutex_;
  std::map<Key, std::weak_ptr<MemoryRegion>> regions_;
  std::map<std::uint64_t, std::function<void()>> listeners_;
  std::uint64_t next_listener_ = 1;
  std::uint64_t self_ = 0;
  RegionKeeper keeper_;
};

// The regions of this process on its own platform; lives as long as the process.
[[nodiscard]] RegionTable& process_regions() noexcept;

}  // namespace busbar
