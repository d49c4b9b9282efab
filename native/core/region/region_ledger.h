// RegionLedger: how many references each process holds to a memory region, in memory that all
// holders share. Survives the death of any of them at any instruction. No lock; every call from any
// thread.
//
// A reference is always added at its new place before it is removed from its old one, so that a sum
// never misses it. In flight it is counted in a slot of its link:
//
//   sender books it ──> Flight slot ──receiver takes it──> receiver's Held slot ──> released
//
//   receiver dies    the sender rescues its messages, then clears the slot
//   sender dies      the receiver reads its ring to the end, then clears the slot
//   both die         the next purge, by any process, clears it
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/status.h"
#include "core/region/region_ledger_layout.h"

namespace busbar {

// The link that a reference travels by.
struct FlightPath {
  std::uint64_t sender_id = 0;
  std::uint64_t link_id = 0;
};

// A view of a ledger's memory, which must outlive it. A *process token* is the value of
// Platform::process_token().
class RegionLedger {
 public:
  using Slot = std::uint32_t;

  // Writes the header of fresh, zeroed memory.
  static void initialize(std::byte* memory, std::uint64_t region_id, std::uint64_t data_bytes,
                         bool read_only, std::uint64_t pid_namespace = 0) noexcept;
  explicit RegionLedger(std::byte* memory) noexcept : memory_(memory) {}

  // True if the header is that of region `id` with `data_bytes`.
  [[nodiscard]] bool verify(std::uint64_t id, std::uint64_t data_bytes) const noexcept;
  [[nodiscard]] bool read_only() const noexcept;
  // True if a process in that pid namespace can check which holders are alive.
  [[nodiscard]] bool counts_in(std::uint64_t pid_namespace) const noexcept;

  // A slot for the references of process `holder`, none at first. LimitExceeded: all slots are
  // taken.
  [[nodiscard]] Result<Slot> claim_held(std::uint64_t holder) noexcept;
  // A slot for references in flight from process `sender` to process `receiver`.
  [[nodiscard]] Result<Slot> claim_flight(std::uint64_t sender, std::uint64_t receiver,
                                          FlightPath path) noexcept;
  // Frees a slot and drops all references in it.
  void free_slot(Slot slot) noexcept;

  void add(Slot slot) noexcept;
  // Removes up to `most` references at once: a peer may have written any count. False when there
  // was none.
  bool subtract(Slot slot, std::uint32_t most = 1) noexcept;
  // References in this slot.
  [[nodiscard]] std::uint32_t count(Slot slot) const noexcept;

  // Receiver: finds the slot of `path`.
  [[nodiscard]] std::optional<Slot> find_flight(FlightPath path) const noexcept;
  // For a sender that leaves: the receiver answers for the slot from now on.
  void leave_to_receiver(Slot slot) noexcept;
  [[nodiscard]] std::uint64_t claimant(Slot slot) const noexcept;

  // References in all slots, those in flight included.
  [[nodiscard]] std::uint64_t total() const noexcept;
  // True only if there is certainly no reference. May be false while references move.
  [[nodiscard]] bool is_free() const noexcept;

  // Clears slots for which no living process answers, on behalf of process `self`. True when a slot
  // was cleared.
  bool purge(std::uint64_t self, const std::function<bool(std::uint64_t token)>& is_alive);
  // The processes that have references, will get some or may get some, each once.
  [[nodiscard]] std::vector<std::uint64_t> holders() const;

  void set_watched(bool wanted) noexcept;
  [[nodiscard]] bool watched() const noexcept;

 private:
  [[nodiscard]] LedgerHeader& header() const noexcept;
  [[nodiscard]] LedgerSlot& at(Slot slot) const noexcept;
  // Slots that may be in use.
  [[nodiscard]] Slot used() const noexcept;
  [[nodiscard]] Result<Slot> claim(std::uint64_t token) noexcept;
  static void clear(LedgerSlot& slot) noexcept;

  std::byte* memory_;
};

}  // namespace busbar
