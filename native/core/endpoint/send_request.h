// What a program asks of a Sender, and what the Sender answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/uuid.h"
#include "core/link/spill_pool.h"
#include "core/region/region_bundle.h"
#include "platform/platform.h"

namespace busbar {

enum class Acknowledge : std::uint8_t { None, Taken, Handled };

// What becomes of a message for a receiver whose ring and queue are full.
enum class WhenFull : std::uint8_t {
  // QueueFull; then nobody got it.
  Refuse,
  // That receiver does not get it; the others do.
  Drop,
  // That receiver is given up for good: the messages for it that wait in this process go elsewhere
  // or are reported, and it is sent nothing any more.
  Disconnect,
};

// What a record has beside its header, its payload and the extensions that are counted for every
// record.
struct RecordExtras {
  std::size_t regions = 0;
  // Bytes.
  std::size_t metadata = 0;
};

struct SendRequest {
  std::uint32_t route = 0;
  Uuid type;
  std::uint16_t format = 0;
  std::span<const std::byte> payload;
  // How long a message without receiver may wait for one; 0: not at all. At most kMaxTtlMs, for
  // which a longer one is taken.
  std::uint64_t ttl_ms = 0;
  // Message id that this one answers; 0 for none.
  std::uint64_t reply_to = 0;
  Acknowledge acknowledge = Acknowledge::None;
  WhenFull when_full = WhenFull::Refuse;
  // Of the messages with one key, each receiver gets the newest as soon as it has taken the one
  // before; those in between are superseded. Empty: all of them, in order. At most kMaxKeyBytes.
  std::string_view key;
  // Memory that holds the payload already, of the Sender's pool; null for most.
  std::shared_ptr<const Spill> spilled;
  // Opaque bytes beside the payload, at most kMaxMetadataBytes; empty for none.
  std::span<const std::byte> metadata;
  // At most kMaxObjects; they stay the caller's.
  std::span<const Handle* const> objects;
  // At most kMaxMentions, each within its region, which the caller holds for as long as the call
  // takes.
  std::span<const RegionRange> regions;

  // Something is owed to somebody beyond the bytes themselves.
  [[nodiscard]] bool conditional() const noexcept {
    // One branch for all of them.
    return (ttl_ms | static_cast<std::uint64_t>(acknowledge) | objects.size() | regions.size() |
            key.size()) != 0;
  }
  // Of the record, what the payload's size does not tell.
  [[nodiscard]] RecordExtras extras() const noexcept {
    return {.regions = regions.size(), .metadata = metadata.size()};
  }
};

struct SendOutcome {
  Error error;
  // Endpoints that took charge of the message.
  std::uint32_t receivers = 0;
  // Names the promise when an acknowledgement was asked for and the message is on its way or
  // parked.
  std::uint64_t delivery = 0;
  // Of a unicast that was sent, its receiver; of QueueFull, the receiver that it is about. 0: none
  // in particular.
  std::uint64_t peer_id = 0;
  // The number of the message, which its receivers see and which stays if it goes to another
  // receiver later. 0: nobody gets it, and it does not wait.
  std::uint64_t message_id = 0;
};

// A place for a payload that is about to be sent.
struct Reservation {
  std::uint32_t route = 0;
  std::span<std::byte> place;
  // A copy of what the program gave.
  std::vector<std::byte> metadata;

  // 0: not in a ring.
  std::uint64_t link_id = 0;
  // Whatever the place lies in.
  std::shared_ptr<SharedMemory> ring;
  std::shared_ptr<const Spill> spill;
  std::vector<std::byte> own;
};

}  // namespace busbar
