// Parked messages as one process hands them to another: for each message { flags u8, expiry ms u64,
// program u16 + bytes, origin u16 + bytes, type 16, format u16, id u64, reply-to u64, metadata u8 +
// bytes, payload u32 + bytes }, little-endian. The reader trusts nothing. It reads each byte of the
// memory once, since the process that made the memory may still write there, and it can stop at any
// point, since the memory may be large.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/hand_over/parked_messages.h"
#include "core/ring/origin.h"

namespace busbar {

// The largest portion that is written or accepted.
inline constexpr std::size_t kMaxHandOverBytes = std::size_t{64} << 20U;

// One portion of the messages that are handed over.
struct HandOver {
  std::vector<std::byte> bytes;
  std::uint64_t messages = 0;
};

// The member that hands messages over.
struct HandOverSource {
  // The member as the controller knows it, whatever its messages say.
  Origin who;
  // The member is, or was, a controller: it may hand over messages that others left with it.
  bool speaks_for_others = false;
};

class HandOverWriter {
 public:
  // `origin` names the sender of a message that has no origin yet. False: the message is larger
  // than a portion, or has objects or regions, which memory cannot carry.
  [[nodiscard]] bool add(const ParkedMessage& message, std::span<const std::byte> origin);
  [[nodiscard]] std::vector<HandOver> take() noexcept { return std::move(portions_); }

 private:
  std::vector<HandOver> portions_;
  std::vector<std::byte> one_;
};

class HandOverReader {
 public:
  enum class Verdict : std::uint8_t {
    Take,
    // The message is passed over and its payload not read.
    Skip,
    // Nothing more is read.
    Stop,
  };
  // What to do with a message of which everything but the payload is known.
  using Judge = std::function<Verdict(const ParkedMessage& head, std::uint64_t payload_bytes)>;

  enum class Step : std::uint8_t {
    // There is more to read.
    More,
    // Read to the end, or until the judge said Stop.
    Done,
    // A message does not parse, has an invalid origin, or expires too late.
    Broken,
  };

  // `source` outlives it.
  explicit HandOverReader(std::span<const std::byte> source) noexcept : source_(source) {}

  // Reads on for about `bytes` bytes and at most `messages` messages. Complete messages are added
  // to `out`.
  [[nodiscard]] Step read(std::size_t bytes, std::size_t messages, const Judge& judge,
                          std::vector<ParkedMessage>& out);
  // Reads everything at once; nullopt if it is broken or has more messages than an endpoint may
  // park.
  [[nodiscard]] static std::optional<std::vector<ParkedMessage>> read_all(
      std::span<const std::byte> source);

 private:
  [[nodiscard]] Step read_head(const Judge& judge);

  std::span<const std::byte> source_;
  // The message whose payload is being read, and how much of the payload is missing.
  std::optional<ParkedMessage> current_;
  std::size_t missing_ = 0;
  std::vector<std::byte> head_;
};

}  // namespace busbar
