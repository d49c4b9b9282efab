// Parked messages as one process hands them to another: for each message { flags u8, expiry ms u64,
// program u16 + bytes, origin u16 + bytes, type 16, format u16, reply-to u64, payload u32 + bytes
// }, little-endian. The reader trusts nothing, reads each byte of the memory once, since whoever
// made it may still write there, and can stop at any point, since there may be a lot of it.
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

// The most that is handed over, or taken, at a time.
inline constexpr std::size_t kMaxHandOverBytes = std::size_t{64} << 20U;

// A portion of what is handed over.
struct HandOver {
  std::vector<std::byte> bytes;
  std::uint64_t messages = 0;
};

// Who hands over.
struct HandOverSource {
  // As the controller knows it, whatever its messages say.
  Origin who;
  // It is, or was, a controller, with whom others have left their messages.
  bool speaks_for_others = false;
};

class HandOverWriter {
 public:
  // `origin` names the sender of a message that has no origin yet. False: it is larger than a
  // portion, or has objects or regions, which no memory of ours could carry.
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
    // Without its payload, which is not even read.
    Skip,
    // No more of anything.
    Stop,
  };
  // What to do with a message of which everything but the payload is known.
  using Judge = std::function<Verdict(const ParkedMessage& head, std::uint64_t payload_bytes)>;

  enum class Step : std::uint8_t {
    // There is more to read.
    More,
    // Read to its end, or as far as the judge wanted.
    Done,
    // It does not parse, has an origin that is none, or is too long-lived.
    Broken,
  };

  // `source` outlives it.
  explicit HandOverReader(std::span<const std::byte> source) noexcept : source_(source) {}

  // Reads on for about so many bytes and at most so many messages. Complete ones are added to
  // `out`.
  [[nodiscard]] Step read(std::size_t bytes, std::size_t messages, const Judge& judge,
                          std::vector<ParkedMessage>& out);
  // All at once, whatever it is; nullopt if it is broken or has more messages than anybody may
  // park.
  [[nodiscard]] static std::optional<std::vector<ParkedMessage>> read_all(
      std::span<const std::byte> source);

 private:
  [[nodiscard]] Step read_head(const Judge& judge);

  std::span<const std::byte> source_;
  // Of the message whose payload is being read, and what is missing of that.
  std::optional<ParkedMessage> current_;
  std::size_t missing_ = 0;
  std::vector<std::byte> head_;
};

}  // namespace busbar
