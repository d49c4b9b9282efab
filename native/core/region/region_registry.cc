// Which region is reused, and which one is given back to the system.
#include "core/region/region_registry.h"

#include <utility>

namespace busbar {
namespace {

// Between two checks for dead holders; each check costs about 10 us per holder.
constexpr std::chrono::milliseconds kPurgeInterval{20};

}  // namespace

RegionRegistry::~RegionRegistry() { clear(); }

void RegionRegistry::clear() {
  for (auto entry = entries_.begin(); entry != entries_.end();) entry = remove(entry);
}

Result<RegionReference> RegionRegistry::alloc(std::uint64_t min_bytes, std::string_view tag,
                                              std::function<void()> on_free) {
  const std::uint64_t bytes =
      (min_bytes + kRegionPageBytes - 1) / kRegionPageBytes * kRegionPageBytes;
  auto entry = find_free(bytes, tag);
  if (entry == entries_.end()) entry = make_room(bytes, tag);
  if (entry != entries_.end()) {
    ++reused_;
  } else {
    if (bytes > limits_.max_bytes || bytes_ > limits_.max_bytes - bytes)
      return Status::LimitExceeded;
    auto region = regions_.create(bytes, limits_.peers);
    if (!region) return region.error();
    // Touched once, so that filling it causes no page faults.
    for (std::uint64_t at = 0; at < bytes; at += kRegionPageBytes)
      static_cast<volatile std::byte*>(region.value()->data())[at] = std::byte{0};
    entries_.push_back({region.take(), std::string(tag), {}, 0, {}, nullptr});
    entry = std::prev(entries_.end());
    bytes_ += bytes;
    ++created_;
  }
  entry->region->hold();
  RegionReference reference(entry->region, 0, entry->region->size());
  entry->used_at = platform_.now();
  if (on_free == nullptr) return reference;
  entry->told = std::make_shared<std::atomic<bool>>(false);
  entry->on_free = std::move(on_free);
  auto watch = regions_.keeper().watch(
      entry->region, [told = entry->told, tell = entry->on_free](RegionKeeper::Watch) {
        if (!told->exchange(true)) tell();
      });
  if (!watch) {
    entry->on_free = nullptr;
    return watch.error();
  }
  entry->watch = watch.value();
  return reference;
}

std::size_t RegionRegistry::maintain(std::chrono::milliseconds idle) {
  std::size_t removed = 0;
  const TimePoint now = platform_.now();
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (!is_free(*entry, true)) {
      entry->used_at = now;
      ++entry;
    } else if (now - entry->used_at >= idle) {
      entry = remove(entry);
      ++removed;
    } else {
      ++entry;
    }
  }
  return removed;
}

RegistryStats RegionRegistry::stats() {
  RegistryStats stats{entries_.size(), bytes_, 0, created_, reused_};
  for (Entry& entry : entries_) stats.in_use += is_free(entry, false) ? 0 : 1;
  return stats;
}

bool RegionRegistry::is_free(Entry& entry, bool purge) {
  if (purge) (void)entry.region->purge();
  if (!entry.region->is_free()) return false;
  if (entry.watch != 0) {
    // This may be earlier than the call of the keeper.
    const auto told = entry.told;
    const auto tell = std::move(entry.on_free);
    stop_watching(entry);
    entry.used_at = platform_.now();
    if (!told->exchange(true)) tell();
  }
  return true;
}

void RegionRegistry::stop_watching(Entry& entry) {
  if (entry.watch != 0) regions_.keeper().unwatch(std::exchange(entry.watch, 0));
  entry.on_free = nullptr;
}

bool RegionRegistry::fits(const Entry& entry, std::uint64_t bytes, std::string_view tag) const {
  const std::uint64_t size = entry.region->size();
  return entry.tag == tag && size >= bytes && size / kMaxTooLarge <= bytes;
}

RegionRegistry::Entries::iterator RegionRegistry::find_free(std::uint64_t bytes,
                                                            std::string_view tag) {
  auto best = entries_.end();
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (!fits(*entry, bytes, tag)) continue;
    if (best != entries_.end() && best->region->size() <= entry->region->size()) continue;
    if (is_free(*entry, false)) best = entry;
  }
  return best;
}

// Makes room for a new region, or returns a fitting one that is free after all: its holder has
// died.
RegionRegistry::Entries::iterator RegionRegistry::make_room(std::uint64_t bytes,
                                                            std::string_view tag) {
  const TimePoint now = platform_.now();
  const bool purge = now - purged_at_ >= kPurgeInterval;
  if (purge) purged_at_ = now;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const bool full = bytes > limits_.max_bytes || bytes_ > limits_.max_bytes - bytes;
    if ((!purge && !full) || !is_free(*entry, purge)) {
      ++entry;
    } else if (fits(*entry, bytes, tag)) {
      return entry;
    } else {
      entry = full ? remove(entry) : std::next(entry);
    }
  }
  return entries_.end();
}

RegionRegistry::Entries::iterator RegionRegistry::remove(Entries::iterator entry) {
  stop_watching(*entry);
  bytes_ -= entry->region->size();
  return entries_.erase(entry);
}

}  // namespace busbar
