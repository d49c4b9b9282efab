// Record: one message as it is stored in a ring, a queue or a parked list.
//
//   | RecordHeader 48 B | extensions, 8 B units | payload | padding to a multiple of 8 |
//
// Readers skip unknown extensions, so later versions can add some. Fields are in the machine's byte
// order: a record never leaves the machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "base/uuid.h"

namespace busbar {

enum class RecordKind : std::uint8_t {
  // Fills the end of the ring, because no record wraps. Has only `bytes` and `kind`.
  Pad = 1,
  Message = 2,
  // A copy for an observer; see observation.h.
  Observation = 3,
};

namespace record_flag {
// Sent to one of several matches: if its receiver dies before taking it, another match may get it.
inline constexpr std::uint16_t kUnicast = 1U << 0U;
// The sender waits for `handled`, not only for `taken`.
inline constexpr std::uint16_t kWantsHandled = 1U << 1U;
inline constexpr std::uint16_t kExcludeSelf = 1U << 2U;
// The sender acts as soon as this message is taken: the receiver reports `taken` at once.
inline constexpr std::uint16_t kWantsTaken = 1U << 3U;
// Observers get no copy, whoever sends it on.
inline constexpr std::uint16_t kUnobservable = 1U << 4U;
}  // namespace record_flag

struct RecordHeader {
  // The whole record without the padding at its end.
  std::uint32_t bytes = 0;
  RecordKind kind = RecordKind::Message;
  std::uint8_t extension_words = 0;
  std::uint16_t flags = 0;
  Uuid type;
  // Counts the messages of one sender, starting at 1; of a message with an origin, those of its
  // origin.
  std::uint64_t id = 0;
  std::uint32_t payload_bytes = 0;
  // The meaning of a raw payload, agreed between sender and receiver; 0 where unused.
  std::uint16_t format = 0;
  std::uint8_t object_count = 0;
  std::uint8_t region_count = 0;
  // The sender's number of its route; means nothing to others.
  std::uint32_t route = 0;
  std::uint32_t reserved = 0;
};
static_assert(sizeof(RecordHeader) == 48 && std::is_trivially_copyable_v<RecordHeader>);

enum class ExtensionKind : std::uint16_t {
  // Id of the message that this one replies to.
  ReplyTo = 1,
  // Monotonic milliseconds after which the search for a receiver ends.
  Expiry = 2,
  // The payload lies in a spill of the sender: spill id, offset, bytes.
  Spill = 3,
  // The sender is an endpoint that has left: id, pid, label. Accepted only from the controller.
  Origin = 4,
  // Memory regions of the message, one RegionMention each.
  Regions = 5,
  // Opaque bytes of the program beside the payload, 1 to kMaxMetadataBytes.
  Metadata = 6,
};

struct ExtensionHeader {
  ExtensionKind kind{};
  // Number of 8-byte units after this header.
  std::uint16_t words = 0;
  // Of Metadata: how many bytes it has; zeros fill its last unit. 0 in all others.
  std::uint32_t bytes = 0;
};
static_assert(sizeof(ExtensionHeader) == 8);

struct SpillReference {
  std::uint64_t spill_id = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// A part of a memory region that the receiver got over the link's channel.
struct RegionMention {
  std::uint64_t region_id = 0;
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};
static_assert(sizeof(RegionMention) == 24);

struct Extensions {
  std::optional<std::uint64_t> reply_to;
  std::optional<std::uint64_t> expires_at_ms;
  std::optional<SpillReference> spill;
  // Encoded origin (id u64, pid u32, label length u32, label); empty when there is none.
  std::span<const std::byte> origin;
  // RegionMentions.
  std::span<const std::byte> regions;
  // Empty when there is none: metadata of 0 bytes is no metadata.
  std::span<const std::byte> metadata;

  [[nodiscard]] std::size_t region_count() const noexcept {
    return regions.size() / sizeof(RegionMention);
  }
  [[nodiscard]] RegionMention region(std::size_t index) const noexcept {
    RegionMention mention;
    std::memcpy(&mention, regions.data() + index * sizeof mention, sizeof mention);
    return mention;
  }
};

inline constexpr std::size_t kMaxExtensionBytes = 255 * 8;

// An origin fits beside all other extensions except regions; no message has both.
inline constexpr std::size_t kMaxRecordOrigin = 1040;

[[nodiscard]] constexpr std::uint32_t padded(std::uint32_t bytes) noexcept {
  return (bytes + 7U) & ~7U;
}

// Bytes that metadata takes in a record; 0 for none.
[[nodiscard]] constexpr std::uint32_t metadata_extension_bytes(std::size_t metadata) noexcept {
  return metadata == 0 ? 0U
                       : static_cast<std::uint32_t>(sizeof(ExtensionHeader)) +
                             padded(static_cast<std::uint32_t>(metadata));
}

// Bytes that `extensions` take in a record, a multiple of 8 and at most kMaxExtensionBytes: an
// origin above kMaxRecordOrigin, regions beyond kMaxMentions and metadata above kMaxMetadataBytes
// are left out.
[[nodiscard]] std::uint32_t extension_bytes(const Extensions& extensions) noexcept;
// Writes exactly extension_bytes(extensions) to `out`.
void write_extensions(const Extensions& extensions, std::byte* out) noexcept;
// False when the bytes do not parse. `bytes` may be hostile, but must not change meanwhile (pass a
// private copy).
[[nodiscard]] bool read_extensions(std::span<const std::byte> bytes, Extensions& out) noexcept;

// True when the header's own numbers are consistent and fit into `available` bytes.
[[nodiscard]] inline bool plausible(const RecordHeader& header, std::uint64_t available) noexcept {
  if (header.kind == RecordKind::Pad)
    return header.bytes >= 8 && header.bytes <= available && header.bytes % 8 == 0;
  if (header.kind != RecordKind::Message && header.kind != RecordKind::Observation) return false;
  const std::uint64_t sum = sizeof(RecordHeader) + std::uint64_t{header.extension_words} * 8 +
                            std::uint64_t{header.payload_bytes};
  return sum == header.bytes && padded(header.bytes) <= available;
}

// What every record has.
struct PlainMessage {
  Uuid type;
  std::uint16_t format = 0;
  std::uint16_t flags = 0;
  std::uint32_t route = 0;
  std::uint64_t id = 0;
  std::span<const std::byte> payload;
};
// The usual case: beyond its bytes, nothing is owed to anybody.
struct SimpleMessage : PlainMessage {
  // Message id that this one answers; 0 for none.
  std::uint64_t reply_to = 0;
  std::span<const std::byte> metadata;
};
struct OutgoingMessage : PlainMessage {
  std::uint8_t object_count = 0;
  Extensions extensions;
};

[[nodiscard]] inline std::uint32_t extension_bytes(const SimpleMessage& message) noexcept {
  constexpr std::uint32_t kReplyTo = sizeof(ExtensionHeader) + sizeof message.reply_to;
  return (message.reply_to == 0 ? 0 : kReplyTo) + metadata_extension_bytes(message.metadata.size());
}
// The extensions of a simple message: writes extension_bytes() of it to `out`. The metadata is at
// most kMaxMetadataBytes long.
void write_simple_extensions(std::uint64_t reply_to, std::span<const std::byte> metadata,
                             std::byte* out) noexcept;

// Writes the header of a record with no attachments. Field by field and in place: a header that is
// built elsewhere and copied in wide steps waits until all earlier stores have left the core, even
// those into the ring, which the receiver is reading.
inline void write_plain_header(const PlainMessage& message, std::byte* out,
                               std::uint32_t extension_bytes = 0) noexcept {
  const auto payload = static_cast<std::uint32_t>(message.payload.size());
  const auto whole = static_cast<std::uint32_t>(sizeof(RecordHeader)) + extension_bytes + payload;
  new (out) RecordHeader{.bytes = whole,
                         .kind = RecordKind::Message,
                         .extension_words = static_cast<std::uint8_t>(extension_bytes / 8),
                         .flags = message.flags,
                         .type = message.type,
                         .id = message.id,
                         .payload_bytes = payload,
                         .format = message.format,
                         .object_count = 0,
                         .region_count = 0,
                         .route = message.route,
                         .reserved = 0};
}

// `extra`: extension_bytes(message).
inline void write_simple_record(const SimpleMessage& message, std::uint32_t extra,
                                std::byte* out) noexcept {
  write_plain_header(message, out, extra);
  out += sizeof(RecordHeader);
  if (extra != 0) [[unlikely]]
    write_simple_extensions(message.reply_to, message.metadata, out);
  if (!message.payload.empty())
    std::memcpy(out + extra, message.payload.data(), message.payload.size());
}

[[nodiscard]] inline std::uint64_t record_bytes(const SimpleMessage& message) noexcept {
  return sizeof(RecordHeader) + extension_bytes(message) + message.payload.size();
}
inline void write_simple_record(const SimpleMessage& message, std::byte* out) noexcept {
  write_simple_record(message, extension_bytes(message), out);
}

[[nodiscard]] std::uint64_t record_bytes(const OutgoingMessage& message) noexcept;
// Writes the record (record_bytes, padding not touched) to `out`, which is 8-aligned.
void write_record(const OutgoingMessage& message, std::byte* out) noexcept;

// A message read from a record that is private or that no other process can write.
struct ParsedRecord {
  RecordHeader header;
  Extensions extensions;
  std::span<const std::byte> payload;
};
[[nodiscard]] std::optional<ParsedRecord> parse_record(std::span<const std::byte> record) noexcept;

}  // namespace busbar
