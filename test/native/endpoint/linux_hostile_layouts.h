// Writes of a hostile member that knows the layouts: plausible wrong values, each in its place.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/region/region_ledger_layout.h"
#include "core/ring/record.h"
#include "core/ring/ring_layout.h"
#include "platform/platform.h"

namespace busbar::test {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}
  std::uint64_t next() {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    return state_;
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

// Memory of this process.
struct Range {
  std::uintptr_t begin;
  std::uintptr_t end;
};

// A plausible value near `value`.
inline std::uint64_t near(std::uint64_t value, Random& random) {
  switch (random.below(8)) {
    case 0:
      return 0;
    case 1:
      return value + 1;
    case 2:
      return value - 1;
    case 3:
      return ~std::uint64_t{0} >> random.below(64);
    case 4:
      return std::uint64_t{1} << random.below(64);
    default:
      return value + 8 * random.below(64) - 8 * random.below(64);
  }
}

// Writes our positions as a receiver: inside records, beyond the end, forward and back.
__attribute__((no_sanitize("address", "thread", "undefined"))) inline void write_positions(
    ConsumerSegment& state, Random& random) {
  switch (random.below(4)) {
    case 0:
      // Often into the middle of a record that was not taken yet.
      state.head = state.head.load() + 8 * random.below(16);
      break;
    case 1:
      state.head = near(state.head, random);
      break;
    case 2:
      state.handled = near(state.handled, random);
      break;
    default:
      state.sleeping = static_cast<std::uint32_t>(random.below(3));
      break;
  }
}

// Writes our records: any field of a header, of a real record or at a place inside another's
// payload; and the tail.
__attribute__((no_sanitize("address", "thread", "undefined"))) inline void write_record_fields(
    std::byte* ring, std::uint64_t capacity, Random& random) {
  auto& segment = *reinterpret_cast<RingSegment*>(ring);
  const std::uint64_t tail = segment.tail;
  if (random.below(4) == 0) {
    segment.tail = random.below(2) == 0 ? tail + 8 * random.below(32) : near(tail, random);
    return;
  }
  const std::uint64_t back = 8 * random.below(256);
  const std::uint64_t at = (tail - std::min(back, tail)) & (capacity - 1);
  if (at + sizeof(RecordHeader) > capacity) return;
  auto& header = *reinterpret_cast<RecordHeader*>(ring + kRingHeaderBytes + at);
  switch (random.below(8)) {
    case 0:
      header.bytes = static_cast<std::uint32_t>(near(header.bytes, random));
      break;
    case 1:
      header.payload_bytes = static_cast<std::uint32_t>(near(header.payload_bytes, random));
      break;
    case 2:
      header.extension_words = static_cast<std::uint8_t>(near(header.extension_words, random));
      break;
    case 3:
      header.kind = static_cast<RecordKind>(random.below(4));
      break;
    case 4:
      header.flags = static_cast<std::uint16_t>(random.next());
      break;
    case 5:
      header.object_count = static_cast<std::uint8_t>(near(header.object_count, random));
      break;
    case 6:
      header.id = near(header.id, random);
      break;
    default: {
      // The words after the header: extensions, each with a kind, a length and numbers.
      auto* word = reinterpret_cast<volatile std::uint64_t*>(&header + 1);
      const std::uint64_t words = std::min<std::uint64_t>(
          16, (capacity - at - sizeof(RecordHeader)) / sizeof(std::uint64_t));
      if (words == 0) return;
      volatile std::uint64_t& chosen = word[random.below(words)];
      chosen = near(chosen, random);
      break;
    }
  }
}

__attribute__((no_sanitize("address", "thread", "undefined"))) inline void write_ledger(
    std::byte* ledger, Random& random) {
  auto& header = *reinterpret_cast<LedgerHeader*>(ledger);
  auto& slot = *(reinterpret_cast<LedgerSlot*>(ledger + kLedgerSlotsOffset) + random.below(32));
  const std::uint64_t self = native_platform().process_token(static_cast<std::uint32_t>(getpid()));
  switch (random.below(8)) {
    case 0:
      header.slots_used = static_cast<std::uint32_t>(near(header.slots_used, random));
      break;
    case 1:
      header.additions = near(header.additions, random);
      break;
    case 2:
      header.data_bytes = near(header.data_bytes, random);
      break;
    case 3:
      slot.claimant = random.below(2) == 0 ? self : near(self, random);
      break;
    case 4:
      slot.receiver = random.below(2) == 0 ? self : near(self, random);
      break;
    case 5:
      slot.count = static_cast<std::uint32_t>(near(slot.count, random));
      break;
    case 6:
      slot.state = static_cast<SlotState>(random.below(4));
      break;
    default:
      slot.link_id = near(slot.link_id, random);
      break;
  }
}

// Changes state shared through a descriptor: flags of its description, options of a socket.
inline void spoil_descriptors(Random& random) {
  // SO_PASSPIDFD, which older headers lack.
  constexpr int kPassPidfd = 76;
  constexpr int kMaxDescriptors = 256;
  const int on = 1;
  for (int fd = 3; fd < kMaxDescriptors; ++fd) {
    const int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || random.below(2) == 0) continue;
    (void)fcntl(fd, F_SETFL, random.below(2) == 0 ? flags & ~O_NONBLOCK : flags | O_ASYNC);
    (void)setsockopt(fd, SOL_SOCKET, kPassPidfd, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  }
}

// Recognises the layout at a random range and changes one value in it.
inline void write_legal_and_wrong(const std::vector<Range>& ranges, Random& random) {
  const Range& range = ranges[random.below(ranges.size())];
  auto* const begin = reinterpret_cast<std::byte*>(range.begin);
  const std::uint64_t bytes = range.end - range.begin;
  const std::uint64_t magic = *reinterpret_cast<volatile std::uint64_t*>(begin);
  if (magic == kRingMagic && bytes > kRingHeaderBytes) {
    write_record_fields(begin, bytes - kRingHeaderBytes, random);
  } else if (bytes == kConsumerSegmentBytes) {
    write_positions(*reinterpret_cast<ConsumerSegment*>(begin), random);
  } else if (bytes == kLedgerBytes) {
    write_ledger(begin, random);
  }
}

}  // namespace busbar::test
