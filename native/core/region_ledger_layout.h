// The ledger of a memory region: one page beside the region's data, in which everybody who holds the
// region keeps account. Always writable, also for those who may only read the data, because they
// have to let go, too. Whatever lies in it may be a hostile process's word: it can keep a region
// from becoming free, or free it early, and nothing else.
//
//   +-----------------+ 0
//   | LedgerHeader    |
//   +-----------------+ 64
//   | LedgerSlot x 84 |
//   +-----------------+ 4096
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace busbar {

inline constexpr std::uint64_t kLedgerMagic = 0x3152474C42535542ULL;  // "BUSBLGR1"
inline constexpr std::uint32_t kLedgerVersion = 1;
inline constexpr std::size_t kLedgerBytes = 4096;
inline constexpr std::size_t kLedgerSlots = 84;

// Written once, before anybody else sees it; only `watched` changes.
struct LedgerHeader {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t reserved;
  std::uint64_t region_id;
  std::uint64_t data_bytes;
  // The owner wants its doorbell rung when the last reference goes, or a new holder comes.
  std::atomic<std::uint32_t> watched;
};
static_assert(std::is_standard_layout_v<LedgerHeader> && sizeof(LedgerHeader) <= 64);

enum class SlotState : std::uint32_t {
  // Claimed, not filled in yet: nothing counts but the claimant's life.
  Claimed = 0,
  // The claimant's references.
  Held = 1,
  // References under way from the claimant to the receiver, over one link.
  Flight = 2,
};

struct LedgerSlot {
  // Process token of who made the entry; 0: free.
  std::atomic<std::uint64_t> claimant;
  // In flight: process token of who is to get the references, and the link they travel by.
  std::atomic<std::uint64_t> receiver;
  std::atomic<std::uint64_t> link;
  std::atomic<std::uint64_t> link_sender;
  std::atomic<SlotState> state;
  std::atomic<std::uint32_t> count;
};
static_assert(sizeof(LedgerSlot) == 40 || sizeof(LedgerSlot) == 48);
static_assert(std::atomic<SlotState>::is_always_lock_free);

}  // namespace busbar
