// Observation: what a sender tells an observer about one message. It is the payload of a record of
// kind Observation, whose header and extensions (reply-to, origin, metadata) are the message's:
//
//   | ObservationHead 64 B | ids of receivers, 8 B each | first bytes of the message's payload |
//
// A receiver that is no observer refuses such a record, and an observer refuses every other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

#include "base/limits.h"
#include "base/status.h"
#include "core/ring/record.h"

namespace busbar {

enum class ObservationEvent : std::uint8_t {
  // The message is on its way to these receivers.
  Sent = 1,
  // It is on its way again, to another receiver than before, which is gone.
  SentAgain = 2,
  // No receiver takes it, and why.
  Undelivered = 3,
  // Copies of messages that did not fit into the ring. Made by the observer's process, of the
  // counts of the sender; in no ring.
  Lost = 4,
};

struct ObservationHead {
  // Of the platform's clock, which is one for all processes of a machine: when the message began to
  // be sent, or it was known that nobody takes it.
  std::uint64_t time_ns = 0;
  // In a ring: copies that the sender has lost on this link until then. In a batch of the observer:
  // those that were lost since the copy before; 0 unless the event is Lost.
  std::uint64_t lost = 0;
  // Of an undelivered message: the receiver that is gone; 0 when there was none.
  std::uint64_t peer_id = 0;
  // Of the message's whole payload.
  std::uint64_t payload_bytes = 0;
  // How many receivers there are, and how many are named.
  std::uint32_t receivers = 0;
  std::uint32_t named = 0;
  // Bytes of the payload that follow.
  std::uint32_t copied = 0;
  // Of an undelivered message: a Status.
  std::uint32_t reason = 0;
  ObservationEvent event{};
  std::uint8_t unicast = 0;
  std::uint8_t objects = 0;
  std::uint8_t regions = 0;
  std::uint32_t reserved = 0;
  std::uint64_t reserved_too = 0;
};
static_assert(sizeof(ObservationHead) == 64 && std::is_trivially_copyable_v<ObservationHead>);

// Larger numbers in an observation are nonsense, for any machine; JavaScript can hold these.
inline constexpr std::uint64_t kMaxObservedNumber = std::uint64_t{1} << 53U;
// The same of its time: 73 years after the machine was started.
inline constexpr std::uint64_t kMaxObservedTimeNs = std::uint64_t{1} << 61U;
inline constexpr std::size_t kMaxObservationBytes =
    sizeof(ObservationHead) + kMaxObservedReceivers * 8 + kMaxObservedBytes;

// A message to be copied.
struct ObservedMessage {
  Uuid type;
  std::uint16_t format = 0;
  std::uint64_t id = 0;
  ObservationHead head;
  // All but `named`, `copied` and `lost`, which the link fills in.
  std::span<const std::uint64_t> receivers;
  // As much of it as the sender has at hand; cut to what the observer wants.
  std::span<const std::byte> payload;
  // Reply-to, origin and metadata.
  Extensions extensions;
};

// The head of an observation that a peer sent, from a private copy; nullopt when it is not exactly
// one.
[[nodiscard]] inline std::optional<ObservationHead> read_observation(
    std::span<const std::byte> bytes) noexcept {
  ObservationHead head;
  if (bytes.size() < sizeof head) return std::nullopt;
  std::memcpy(static_cast<void*>(&head), bytes.data(), sizeof head);
  const bool undelivered = head.event == ObservationEvent::Undelivered;
  const bool known = head.event == ObservationEvent::Sent ||
                     head.event == ObservationEvent::SentAgain || undelivered;
  if (!known || head.unicast > 1 || head.lost > kMaxObservedNumber ||
      head.payload_bytes > kMaxObservedNumber || head.time_ns > kMaxObservedTimeNs ||
      head.named > kMaxObservedReceivers || head.named > head.receivers ||
      head.copied > kMaxObservedBytes || head.copied > head.payload_bytes ||
      (undelivered ? !is_listed_failure(head.reason) : head.reason != 0) ||
      sizeof head + std::size_t{head.named} * 8 + head.copied != bytes.size()) {
    return std::nullopt;
  }
  return head;
}

}  // namespace busbar
