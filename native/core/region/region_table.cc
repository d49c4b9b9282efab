// Creating regions and recognising regions that arrive.
#include "core/region/region_table.h"

#include <array>
#include <cstring>

namespace busbar {
namespace {

Result<std::uint64_t> random_id(Platform& platform) {
  std::uint64_t id = 0;
  while (id == 0) {
    if (const Error error = platform.random(std::as_writable_bytes(std::span(&id, 1)));
        !error.ok()) {
      return error;
    }
    id &= kMaxRegionId;
  }
  return id;
}

}  // namespace

Result<std::shared_ptr<MemoryRegion>> RegionTable::create(std::uint64_t bytes, Access peers) {
  if (bytes == 0 || bytes > kMaxRegionBytes) return Status::InvalidArgument;
  const auto id = random_id(platform_);
  if (!id) return id.error();
  auto data = platform_.create_memory(bytes, peers);
  if (!data) return data.error();
  auto ledger = platform_.create_memory(kLedgerBytes, Access::ReadWrite);
  if (!ledger) return ledger.error();
  const bool read_only = peers == Access::ReadOnly;
  RegionLedger::initialize(ledger.value()->data(), id.value(), bytes, read_only,
                           platform_.pid_namespace());
  return add({id.value(), data.take(), ledger.take(), nullptr}, read_only);
}

Result<std::shared_ptr<MemoryRegion>> RegionTable::adopt(std::uint64_t id, std::uint64_t bytes,
                                                         std::vector<Handle> handles) {
  if (handles.size() != kRegionHandles || id == 0 || id > kMaxRegionId || bytes == 0 ||
      bytes > kMaxRegionBytes) {
    return Status::ProtocolViolation;
  }
  if (auto known = find(id, handles[0], handles[1]); known != nullptr) {
    // The caller's sums of announced bytes rely on equal sizes.
    if (known->size() != bytes) return Status::ProtocolViolation;
    return known;
  }
  auto ledger = platform_.adopt_memory(std::move(handles[1]), kLedgerBytes, Access::ReadWrite);
  if (!ledger) {
    // A ledger sealed against writing breaks the protocol.
    if (ledger.status() == Status::Permission) return Status::ProtocolViolation;
    return ledger.error();
  }
  const RegionLedger header(ledger.value()->data());
  if (!header.verify(id, bytes)) return Status::ProtocolViolation;
  // The owner could not see that we are alive, and would reuse the region while we hold it.
  if (!header.counts_in(platform_.pid_namespace())) return Status::Unsupported;
  const bool read_only = header.read_only();
  auto data = platform_.adopt_memory(std::move(handles[0]), bytes,
                                     read_only ? Access::PrivateCopy : Access::ReadWrite);
  if (!data) {
    if (data.status() == Status::Permission) return Status::ProtocolViolation;
    return data.error();
  }
  auto bell = platform_.adopt_channel(std::move(handles[2]));
  if (!bell) return bell.error();
  return add({id, data.take(), ledger.take(), bell.take()}, read_only);
}

Result<std::shared_ptr<MemoryRegion>> RegionTable::add(MemoryRegion::Parts parts, bool read_only) {
  RegionLedger ledger(parts.ledger->data());
  const auto slot = ledger.claim_held(self());
  if (!slot) return slot.error();
  const Key key{parts.id, parts.bell == nullptr};
  auto region = std::make_shared<MemoryRegion>(*this, std::move(parts), slot.value(), read_only);
  const std::lock_guard guard(mutex_);
  // A different region with a known number is not entered.
  if (std::weak_ptr<MemoryRegion>& known = regions_[key]; known.expired()) known = region;
  return region;
}

std::shared_ptr<MemoryRegion> RegionTable::find(std::uint64_t id, const Handle& data,
                                                const Handle& ledger) {
  for (const bool owned : {true, false}) {
    std::shared_ptr<MemoryRegion> region;
    {
      const std::lock_guard guard(mutex_);
      const auto found = regions_.find({id, owned});
      if (found != regions_.end()) region = found->second.lock();
    }
    // The owner's own mapping is writable, so a read-only region that comes back is mapped
    // read-only.
    if (region == nullptr || (owned && region->read_only())) continue;
    if (region->is_same(data, ledger)) return region;
  }
  return nullptr;
}

std::uint64_t RegionTable::self() noexcept {
  const std::lock_guard guard(mutex_);
  if (self_ == 0) self_ = platform_.process_token(platform_.self().pid);
  return self_;
}

std::uint64_t RegionTable::add_listener(std::function<void()> listener) {
  const std::lock_guard guard(mutex_);
  listeners_.emplace(next_listener_, std::move(listener));
  return next_listener_++;
}

void RegionTable::remove_listener(std::uint64_t number) {
  const std::lock_guard guard(mutex_);
  listeners_.erase(number);
}

void RegionTable::on_gone(const MemoryRegion& region) noexcept {
  const std::lock_guard guard(mutex_);
  const auto found = regions_.find({region.id(), region.owned()});
  if (found != regions_.end() && found->second.expired()) regions_.erase(found);
  for (const auto& [number, listener] : listeners_) listener();
}

RegionTable& process_regions() noexcept {
  // Never destroyed: other threads may still release regions while the process exits.
  static RegionTable& table = *new RegionTable(native_platform());
  return table;
}

}  // namespace busbar
