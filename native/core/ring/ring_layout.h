// The two pieces of shared memory that make up a link's ring: one that only the producer can write
// (the kernel gives the consumer a read-only mapping), and a small one for the consumer's answers.
//
//   producer's segment                          consumer's segment
//   +--------------------------+ 0              +--------------------------+ 0
//   | RingSegment              |                | ConsumerSegment          |
//   +--------------------------+ 4096           +--------------------------+ 4096
//   | records, capacity bytes  |
//   +--------------------------+
//
// Positions count bytes since the ring was made and never wrap; `position & (capacity - 1)` is the
// offset in the data.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/join_options.h"

namespace busbar {

inline constexpr std::uint64_t kRingMagic = 0x31474E4952425342ULL;  // "BSBRING1"
inline constexpr std::uint32_t kRingVersion = 1;
inline constexpr std::size_t kRingHeaderBytes = 4096;
inline constexpr std::size_t kConsumerSegmentBytes = 4096;
inline constexpr std::uint64_t kMinRingBytes = option::ring_bytes.least;
inline constexpr std::uint64_t kMaxRingBytes = option::ring_bytes.most;
// From half a position one finds the whole: it is less than a ring away.
static_assert(kMaxRingBytes < (1ULL << 31U));
inline constexpr std::size_t kCacheLine = 64;

// `wake_at` value of a producer that waits for nothing.
inline constexpr std::uint64_t kNoPosition = ~0ULL;

enum class Attachment : std::uint32_t { None = 0, Attached = 1, Revoked = 2 };

struct RingSegment {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t header_bytes;
  std::uint64_t capacity;
  std::uint64_t link_id;
  // Everything below it is complete and readable.
  alignas(kCacheLine) std::atomic<std::uint64_t> tail;
  // The producer wants a message on its channel once the taken / handled position has reached
  // these.
  alignas(kCacheLine) std::atomic<std::uint64_t> wake_taken_at;
  std::atomic<std::uint64_t> wake_handled_at;
  // The processor that the producer last ran on: shows whether spinning for it can pay.
  std::atomic<std::uint32_t> producer_cpu;
  // How many outcomes the producer has read: their slots are free again.
  std::atomic<std::uint64_t> outcomes_read;
  // Of the link of an observer: the copies that had no room. Stays readable when the producer has
  // died.
  alignas(kCacheLine) std::atomic<std::uint64_t> lost;
};

// The outcome of one message when its position does not show it.
struct OutcomeSlot {
  std::atomic<std::uint64_t> position;
  std::atomic<std::uint64_t> status;
};
inline constexpr std::size_t kOutcomeSlots = 128;

struct ConsumerSegment {
  // The consumer's program has everything below it ("taken"); the producer may overwrite it.
  alignas(kCacheLine) std::atomic<std::uint64_t> head;
  // The consumer's program may have got everything below it: if the program dies, these messages
  // must not go to another receiver. Never below `head`, except for a consumer that does not keep
  // it.
  std::atomic<std::uint64_t> begun;
  // 1: the program itself notes in `seen` what it gets, message by message, so that what waits in
  // its process when it dies is not taken for seen.
  std::atomic<std::uint32_t> seen_kept;
  // 1: the consumer sleeps, or is about to, and wants the doorbell. The producer resets it when it
  // rings.
  alignas(kCacheLine) std::atomic<std::uint32_t> sleeping;
  // The consumer's program has handled everything below it.
  alignas(kCacheLine) std::atomic<std::uint64_t> handled;
  // Set once: by a consumer that attaches or by a producer that gives up waiting for one.
  std::atomic<Attachment> attachment;
  // How many outcomes were written so far; number n is in slot n modulo kOutcomeSlots.
  alignas(kCacheLine) std::atomic<std::uint64_t> outcomes_written;
  OutcomeSlot outcomes[kOutcomeSlots];
  // The low half of a position: the program got everything below it. Below `begun`, or as nothing.
  // Only a producer whose consumer has died reads it, so it has a cache line of its own.
  alignas(kCacheLine) std::atomic<std::uint32_t> seen;
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
              std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(std::is_standard_layout_v<RingSegment> && sizeof(RingSegment) <= kRingHeaderBytes);
static_assert(std::is_standard_layout_v<ConsumerSegment> &&
              sizeof(ConsumerSegment) <= kConsumerSegmentBytes);
static_assert(offsetof(RingSegment, tail) == 64 && offsetof(RingSegment, wake_taken_at) == 128);
static_assert(offsetof(ConsumerSegment, sleeping) == 64 &&
              offsetof(ConsumerSegment, handled) == 128);

}  // namespace busbar
