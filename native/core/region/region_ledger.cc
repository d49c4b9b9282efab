// All memory orders are sequentially consistent: a release costs some ten nanoseconds, a mistake a
// frame.
#include "core/region/region_ledger.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace busbar {
namespace {

// A sum disturbed more often than this returns "not free"; the process that disturbed it checks
// again.
constexpr int kMaxSums = 16;

// An exchange that fails more often competes with a process that writes only to disturb.
constexpr int kMaxExchanges = 10'000;

}  // namespace

void RegionLedger::initialize(std::byte* memory, std::uint64_t region_id, std::uint64_t data_bytes,
                              bool read_only, std::uint64_t pid_namespace) noexcept {
  auto* header = new (memory) LedgerHeader{};
  header->version = kLedgerVersion;
  header->read_only = read_only ? 1 : 0;
  header->region_id = region_id;
  header->data_bytes = data_bytes;
  header->pid_namespace = pid_namespace;
  header->magic = kLedgerMagic;
}

LedgerHeader& RegionLedger::header() const noexcept {
  return *std::launder(reinterpret_cast<LedgerHeader*>(memory_));
}

LedgerSlot& RegionLedger::at(Slot slot) const noexcept {
  return *std::launder(reinterpret_cast<LedgerSlot*>(memory_ + kLedgerSlotsOffset +
                                                     std::size_t{slot} * sizeof(LedgerSlot)));
}

RegionLedger::Slot RegionLedger::used() const noexcept {
  return std::min<Slot>(header().slots_used.load(), kLedgerSlots);
}

bool RegionLedger::verify(std::uint64_t id, std::uint64_t data_bytes) const noexcept {
  struct {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t read_only;
    std::uint64_t region_id;
    std::uint64_t data_bytes;
  } copy{};
  std::memcpy(&copy, memory_, sizeof copy);
  return copy.magic == kLedgerMagic && copy.version == kLedgerVersion && copy.region_id == id &&
         copy.data_bytes == data_bytes && id != 0;
}

bool RegionLedger::counts_in(std::uint64_t pid_namespace) const noexcept {
  return header().pid_namespace == pid_namespace;
}

bool RegionLedger::read_only() const noexcept { return header().read_only != 0; }

Result<RegionLedger::Slot> RegionLedger::claim(std::uint64_t token) noexcept {
  for (Slot slot = 0; slot < kLedgerSlots; ++slot) {
    std::uint64_t nobody = at(slot).claimant.load();
    if (nobody != 0) continue;
    if (!at(slot).claimant.compare_exchange_strong(nobody, token)) continue;
    std::uint32_t used = header().slots_used.load();
    for (int i = 0; i < kMaxExchanges && used <= slot; ++i) {
      if (header().slots_used.compare_exchange_weak(used, slot + 1)) break;
    }
    return slot;
  }
  return Status::LimitExceeded;
}

Result<RegionLedger::Slot> RegionLedger::claim_held(std::uint64_t holder) noexcept {
  const Result<Slot> slot = claim(holder);
  if (slot) at(slot.value()).state.store(SlotState::Held);
  return slot;
}

Result<RegionLedger::Slot> RegionLedger::claim_flight(std::uint64_t sender, std::uint64_t receiver,
                                                      FlightPath path) noexcept {
  const Result<Slot> slot = claim(sender);
  if (!slot) return slot;
  LedgerSlot& entry = at(slot.value());
  entry.receiver.store(receiver);
  entry.sender_id.store(path.sender_id);
  entry.link_id.store(path.link_id);
  entry.state.store(SlotState::Flight);
  return slot;
}

void RegionLedger::clear(LedgerSlot& slot) noexcept {
  slot.count.store(0);
  slot.state.store(SlotState::Claimed);
  slot.receiver.store(0);
  slot.sender_id.store(0);
  slot.link_id.store(0);
  slot.claimant.store(0);
}

void RegionLedger::free_slot(Slot slot) noexcept { clear(at(slot)); }

void RegionLedger::add(Slot slot) noexcept {
  at(slot).count.fetch_add(1);
  header().additions.fetch_add(1);
}

bool RegionLedger::subtract(Slot slot, std::uint32_t most) noexcept {
  std::uint32_t count = at(slot).count.load();
  for (int i = 0; i < kMaxExchanges && count != 0; ++i) {
    if (at(slot).count.compare_exchange_weak(count, count - std::min(count, most))) return true;
  }
  return false;
}

std::uint32_t RegionLedger::count(Slot slot) const noexcept { return at(slot).count.load(); }

std::optional<RegionLedger::Slot> RegionLedger::find_flight(FlightPath path) const noexcept {
  for (Slot slot = 0; slot < used(); ++slot) {
    const LedgerSlot& entry = at(slot);
    if (entry.state.load() == SlotState::Flight && entry.sender_id.load() == path.sender_id &&
        entry.link_id.load() == path.link_id) {
      return slot;
    }
  }
  return std::nullopt;
}

void RegionLedger::leave_to_receiver(Slot slot) noexcept {
  at(slot).claimant.store(at(slot).receiver.load());
}

std::uint64_t RegionLedger::claimant(Slot slot) const noexcept { return at(slot).claimant.load(); }

std::uint64_t RegionLedger::total() const noexcept {
  std::uint64_t sum = 0;
  for (Slot slot = 0; slot < used(); ++slot) sum += at(slot).count.load();
  return sum;
}

// A reference that moves during the sum is added first and removed afterwards. If nothing was added
// between the first and the last read, every reference was where we counted it.
bool RegionLedger::is_free() const noexcept {
  for (int attempt = 0; attempt < kMaxSums; ++attempt) {
    const std::uint64_t before = header().additions.load();
    if (total() != 0) return false;
    if (header().additions.load() == before) return true;
  }
  return false;
}

bool RegionLedger::purge(std::uint64_t self, const std::function<bool(std::uint64_t)>& is_alive) {
  bool changed = false;
  std::uint64_t known_alive = 0;
  const auto alive = [&](std::uint64_t token) {
    if (token == known_alive) return true;
    if (!is_alive(token)) return false;
    known_alive = token;
    return true;
  };
  for (Slot slot = 0; slot < used(); ++slot) {
    LedgerSlot& entry = at(slot);
    std::uint64_t claimant = entry.claimant.load();
    if (claimant == 0 || alive(claimant)) continue;
    const std::uint64_t receiver = entry.receiver.load();
    if (entry.state.load() == SlotState::Flight && receiver != 0 && alive(receiver)) continue;
    changed = true;
    // Claim the slot first, so that no other process clears it again when it has a new user.
    if (entry.claimant.compare_exchange_strong(claimant, self)) clear(entry);
  }
  return changed;
}

std::vector<std::uint64_t> RegionLedger::holders() const {
  std::vector<std::uint64_t> tokens;
  const auto note = [&tokens](std::uint64_t token) {
    if (token != 0 && std::find(tokens.begin(), tokens.end(), token) == tokens.end())
      tokens.push_back(token);
  };
  for (Slot slot = 0; slot < used(); ++slot) {
    const LedgerSlot& entry = at(slot);
    if (entry.claimant.load() == 0) continue;
    note(entry.claimant.load());
    note(entry.receiver.load());
  }
  return tokens;
}

void RegionLedger::set_watched(bool wanted) noexcept { header().watched.store(wanted ? 1 : 0); }

bool RegionLedger::watched() const noexcept { return header().watched.load() != 0; }

}  // namespace busbar
