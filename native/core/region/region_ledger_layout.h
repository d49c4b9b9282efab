// The ledger of a memory region: a small memory beside the region's data, in which all holders
// count their references. Always writable, even for processes that may only read the data, because
// they too must release. A hostile process may write anything in it: it can keep a region from
// becoming free, or free it early, and nothing else.
//
//   +------------------+ 0
//   | LedgerHeader     |
//   +------------------+ 64
//   | LedgerSlot x 1364|
//   +------------------+ 65536
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace busbar {

inline constexpr std::uint64_t kLedgerMagic = 0x3152474C42535542ULL;  // "BUSBLGR1"
inline constexpr std::uint32_t kLedgerVersion = 2;
// Each process that has the region takes a slot, and so does each link that it travelled over.
// Untouched pages cost no memory.
inline constexpr std::size_t kLedgerBytes = 65536;

// The first six fields are written once, before another process sees them.
struct LedgerHeader {
  std::uint64_t magic;
  std::uint32_t version;
  // 1: only the owner may write the data.
  std::uint32_t read_only;
  std::uint64_t region_id;
  std::uint64_t data_bytes;
  // Platform::pid_namespace() of the owner, in which all tokens here must be looked up.
  std::uint64_t pid_namespace;
  // Counts all references ever added: a reader that sums the slots sees by it that a reference
  // moved meanwhile, and sums again.
  std::atomic<std::uint64_t> additions;
  // Slots from here on were never used. A hint: clamp it.
  std::atomic<std::uint32_t> slots_used;
  // The owner wants its doorbell rung when the last reference is released, or a new holder comes.
  std::atomic<std::uint32_t> watched;
};
static_assert(std::is_standard_layout_v<LedgerHeader> && sizeof(LedgerHeader) == 56);

enum class SlotState : std::uint32_t {
  // Claimed, not filled in yet: only the claimant's life counts.
  Claimed = 0,
  // The claimant's references.
  Held = 1,
  // References in flight from the claimant to the receiver, over one link.
  Flight = 2,
};

struct LedgerSlot {
  // Token of the process that answers for the slot; 0: free.
  std::atomic<std::uint64_t> claimant;
  // In flight: the token of the receiving process, and the link: the sender's endpoint id and that
  // endpoint's number of the link.
  std::atomic<std::uint64_t> receiver;
  std::atomic<std::uint64_t> sender_id;
  std::atomic<std::uint64_t> link_id;
  std::atomic<SlotState> state;
  std::atomic<std::uint32_t> count;
  std::uint64_t reserved;
};
static_assert(std::is_standard_layout_v<LedgerSlot> && sizeof(LedgerSlot) == 48);
static_assert(std::atomic<SlotState>::is_always_lock_free);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

inline constexpr std::size_t kLedgerSlotsOffset = 64;
inline constexpr std::uint32_t kLedgerSlots =
    (kLedgerBytes - kLedgerSlotsOffset) / sizeof(LedgerSlot);

}  // namespace busbar
