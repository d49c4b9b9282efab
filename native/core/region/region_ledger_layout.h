// The ledger of a memory region: a small memory beside the region's data, in which everybody who
// holds the region keeps account. Always writable, also for those who may only read the data,
// because they have to let go, too. Whatever lies in it may be a hostile process's word: it can
// keep a region from becoming free, or free it early, and nothing else.
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
// Each process that has the region takes a slot, and each link over which it has gone. Pages that
// no slot has touched cost nothing.
inline constexpr std::size_t kLedgerBytes = 65536;

// The first six are written once, before anybody else sees them.
struct LedgerHeader {
  std::uint64_t magic;
  std::uint32_t version;
  // 1: whoever is not the owner may only read the data.
  std::uint32_t read_only;
  std::uint64_t region_id;
  std::uint64_t data_bytes;
  // Platform::pid_namespace() of the owner, in which all tokens here are to be looked up.
  std::uint64_t pid_namespace;
  // Counts the references ever added: whoever sums the slots up finds out that one moved meanwhile.
  std::atomic<std::uint64_t> additions;
  // Slots beyond were never used. A hint, to be clamped.
  std::atomic<std::uint32_t> slots_used;
  // The owner wants its doorbell rung when the last reference goes, or a new holder comes.
  std::atomic<std::uint32_t> watched;
};
static_assert(std::is_standard_layout_v<LedgerHeader> && sizeof(LedgerHeader) == 56);

enum class SlotState : std::uint32_t {
  // Claimed, not filled in yet: nothing counts but the claimant's life.
  Claimed = 0,
  // The claimant's references.
  Held = 1,
  // References under way from the claimant to the receiver, over one link.
  Flight = 2,
};

struct LedgerSlot {
  // Process token of whoever answers for the entry; 0: free.
  std::atomic<std::uint64_t> claimant;
  // In flight: process token of who is to get the references, and the link they travel by: its
  // sender's endpoint and that endpoint's number of it.
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
