// A region as one process has mapped it.
#include "core/region/memory_region.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/region/region_table.h"

namespace busbar {

MemoryRegion::MemoryRegion(RegionTable& table, Parts parts, RegionLedger::Slot slot,
                           bool read_only) noexcept
    : table_(table),
      id_(parts.id),
      read_only_(read_only),
      data_(std::move(parts.data)),
      ledger_memory_(std::move(parts.ledger)),
      bell_(std::move(parts.bell)),
      ledger_(ledger_memory_->data()),
      slot_(slot) {
  // The owner should watch this process, too.
  if (!owned() && ledger_.watched()) ring();
}

MemoryRegion::~MemoryRegion() {
  for (const RegionLedger::Slot flight : flights_) {
    if (ledger_.count(flight) == 0) {
      ledger_.free_slot(flight);
    } else {
      ledger_.leave_to_receiver(flight);
    }
  }
  ledger_.free_slot(slot_);
  ring_if_free();
  table_.on_gone(*this);
}

void MemoryRegion::release() noexcept {
  (void)ledger_.subtract(slot_);
  ring_if_free();
}

void MemoryRegion::ring_if_free() noexcept {
  if (ledger_.watched() && ledger_.is_free()) ring();
}

void MemoryRegion::ring() noexcept {
  if (owned()) return table_.keeper().ring(id_);
  std::array<std::byte, sizeof id_> text;
  std::memcpy(text.data(), &id_, sizeof id_);
  // A bell full of unread rings needs no other ring.
  (void)bell_->send(text, {});
}

bool MemoryRegion::purge() {
  return ledger_.purge(table_.self(), [this](std::uint64_t token) {
    return token == table_.self() || table_.is_alive(token);
  });
}

Result<std::array<Handle, kRegionHandles>> MemoryRegion::share() const {
  std::array<Handle, kRegionHandles> handles;
  auto data = data_->share();
  if (!data) return data.error();
  auto ledger = ledger_memory_->share();
  if (!ledger) return ledger.error();
  auto bell = owned() ? table_.keeper().bell() : bell_->share();
  if (!bell) return bell.error();
  handles[0] = data.take();
  handles[1] = ledger.take();
  handles[2] = bell.take();
  return handles;
}

Result<RegionLedger::Slot> MemoryRegion::open_flight(std::uint64_t receiver, FlightPath path) {
  const auto slot = ledger_.claim_flight(table_.self(), receiver, path);
  if (!slot) return slot;
  {
    const std::lock_guard guard(mutex_);
    flights_.push_back(slot.value());
  }
  if (ledger_.watched()) ring();
  return slot;
}

void MemoryRegion::unbook(RegionLedger::Slot flight, std::uint64_t references) noexcept {
  constexpr std::uint64_t kMaxReferences = std::numeric_limits<std::uint32_t>::max();
  (void)ledger_.subtract(flight, static_cast<std::uint32_t>(std::min(references, kMaxReferences)));
  ring_if_free();
}

void MemoryRegion::close_flight(RegionLedger::Slot flight) noexcept {
  remove_flight(flight);
  ledger_.free_slot(flight);
  ring_if_free();
}

void MemoryRegion::leave_flight(RegionLedger::Slot flight) noexcept {
  remove_flight(flight);
  ledger_.leave_to_receiver(flight);
}

void MemoryRegion::remove_flight(RegionLedger::Slot flight) noexcept {
  const std::lock_guard guard(mutex_);
  std::erase(flights_, flight);
}

void MemoryRegion::land(FlightPath path) noexcept {
  const auto flight = ledger_.find_flight(path);
  if (!flight) return;
  (void)ledger_.subtract(*flight);
  ring_if_free();
}

void MemoryRegion::end_flight(FlightPath path) noexcept {
  const auto flight = ledger_.find_flight(path);
  if (!flight) return;
  const std::uint64_t claimant = ledger_.claimant(*flight);
  if (claimant != table_.self() && table_.is_alive(claimant)) return;
  ledger_.free_slot(*flight);
  ring_if_free();
}

}  // namespace busbar
