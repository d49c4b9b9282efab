// Writing and reading records and their extensions.
#include "core/ring/record.h"

#include <algorithm>

#include "base/limits.h"

namespace busbar {
namespace {

constexpr std::uint32_t kExtensionHeaderBytes = sizeof(ExtensionHeader);

// Fixed sizes are written in place, as the header is.
template <typename T>
std::byte* write_fixed(ExtensionKind kind, const T& value, std::byte* out) noexcept {
  static_assert(sizeof(T) % 8 == 0);
  new (out) ExtensionHeader{.kind = kind, .words = sizeof(T) / 8, .bytes = 0};
  std::memcpy(out + sizeof(ExtensionHeader), &value, sizeof value);
  return out + sizeof(ExtensionHeader) + sizeof value;
}

// `exact`: whether readers have to know how many bytes the last unit has.
std::byte* write_bytes(ExtensionKind kind, std::span<const std::byte> data, bool exact,
                       std::byte* out) noexcept {
  const auto bytes = static_cast<std::uint32_t>(data.size());
  const std::uint32_t whole = padded(bytes);
  new (out) ExtensionHeader{
      .kind = kind, .words = static_cast<std::uint16_t>(whole / 8), .bytes = exact ? bytes : 0};
  out += sizeof(ExtensionHeader);
  if (whole != bytes) std::memset(out + whole - 8, 0, 8);
  std::memcpy(out, data.data(), bytes);
  return out + whole;
}

template <typename T>
bool read_exactly(std::span<const std::byte> data, T& out) noexcept {
  if (data.size() != sizeof(T)) return false;
  std::memcpy(&out, data.data(), sizeof(T));
  return true;
}

bool read_one(const ExtensionHeader& header, std::span<const std::byte> data,
              Extensions& out) noexcept {
  std::uint64_t number = 0;
  switch (header.kind) {
    case ExtensionKind::ReplyTo:
      if (!read_exactly(data, number)) return false;
      out.reply_to = number;
      return true;
    case ExtensionKind::Expiry:
      if (!read_exactly(data, number)) return false;
      out.expires_at_ms = number;
      return true;
    case ExtensionKind::Spill: {
      SpillReference spill;
      if (!read_exactly(data, spill)) return false;
      out.spill = spill;
      return true;
    }
    case ExtensionKind::Origin:
      out.origin = data;
      return true;
    case ExtensionKind::Regions:
      out.regions = data;
      return data.size() % sizeof(RegionMention) == 0 &&
             data.size() <= kMaxMentions * sizeof(RegionMention);
    case ExtensionKind::Metadata:
      if (header.bytes == 0 || header.bytes > kMaxMetadataBytes ||
          padded(header.bytes) != data.size())
        return false;
      out.metadata = data.first(header.bytes);
      return true;
  }
  // Unknown: of a later version, skipped.
  return true;
}

}  // namespace

namespace {

// Leaves out an origin that a reader would reject: the length of all extensions is one byte.
[[nodiscard]] std::span<const std::byte> writable_origin(const Extensions& extensions) noexcept {
  return extensions.origin.size() <= kMaxRecordOrigin ? extensions.origin
                                                      : std::span<const std::byte>();
}
[[nodiscard]] std::span<const std::byte> writable_regions(const Extensions& extensions) noexcept {
  const std::size_t most = writable_origin(extensions).empty() ? kMaxMentions : 0;
  return extensions.region_count() <= most ? extensions.regions : std::span<const std::byte>();
}
[[nodiscard]] std::span<const std::byte> writable_metadata(const Extensions& extensions) noexcept {
  return extensions.metadata.size() <= kMaxMetadataBytes ? extensions.metadata
                                                         : std::span<const std::byte>();
}

constexpr std::size_t kOtherExtensions = 2 * (kExtensionHeaderBytes + 8) + kExtensionHeaderBytes +
                                         sizeof(SpillReference) + kExtensionHeaderBytes +
                                         kMaxMetadataBytes;
static_assert(kMaxMetadataBytes % 8 == 0);
static_assert(kOtherExtensions + kExtensionHeaderBytes + kMaxRecordOrigin <= kMaxExtensionBytes);
static_assert(kOtherExtensions + kExtensionHeaderBytes + kMaxMentions * sizeof(RegionMention) <=
              kMaxExtensionBytes);

}  // namespace

std::uint32_t extension_bytes(const Extensions& extensions) noexcept {
  std::uint32_t bytes = 0;
  if (extensions.reply_to) bytes += kExtensionHeaderBytes + 8;
  if (extensions.expires_at_ms) bytes += kExtensionHeaderBytes + 8;
  if (extensions.spill) bytes += kExtensionHeaderBytes + sizeof(SpillReference);
  if (const auto origin = writable_origin(extensions); !origin.empty())
    bytes += kExtensionHeaderBytes + padded(static_cast<std::uint32_t>(origin.size()));
  if (const auto regions = writable_regions(extensions); !regions.empty())
    bytes += kExtensionHeaderBytes + static_cast<std::uint32_t>(regions.size());
  bytes += metadata_extension_bytes(writable_metadata(extensions).size());
  return bytes;
}

void write_extensions(const Extensions& extensions, std::byte* out) noexcept {
  if (extensions.reply_to) out = write_fixed(ExtensionKind::ReplyTo, *extensions.reply_to, out);
  if (extensions.expires_at_ms)
    out = write_fixed(ExtensionKind::Expiry, *extensions.expires_at_ms, out);
  if (extensions.spill) out = write_fixed(ExtensionKind::Spill, *extensions.spill, out);
  if (const auto origin = writable_origin(extensions); !origin.empty())
    out = write_bytes(ExtensionKind::Origin, origin, false, out);
  if (const auto regions = writable_regions(extensions); !regions.empty())
    out = write_bytes(ExtensionKind::Regions, regions, false, out);
  if (const auto metadata = writable_metadata(extensions); !metadata.empty())
    (void)write_bytes(ExtensionKind::Metadata, metadata, true, out);
}

void write_simple_extensions(std::uint64_t reply_to, std::span<const std::byte> metadata,
                             std::byte* out) noexcept {
  if (reply_to != 0) out = write_fixed(ExtensionKind::ReplyTo, reply_to, out);
  if (!metadata.empty()) (void)write_bytes(ExtensionKind::Metadata, metadata, true, out);
}

bool read_extensions(std::span<const std::byte> bytes, Extensions& out) noexcept {
  while (!bytes.empty()) {
    ExtensionHeader header;
    if (bytes.size() < sizeof header) return false;
    std::memcpy(&header, bytes.data(), sizeof header);
    bytes = bytes.subspan(sizeof header);
    const std::size_t length = std::size_t{header.words} * 8;
    if (length > bytes.size()) return false;
    if (!read_one(header, bytes.first(length), out)) return false;
    bytes = bytes.subspan(length);
  }
  return true;
}

std::uint64_t record_bytes(const OutgoingMessage& message) noexcept {
  return sizeof(RecordHeader) + extension_bytes(message.extensions) +
         std::uint64_t{message.payload.size()};
}

void write_record(const OutgoingMessage& message, std::byte* out) noexcept {
  const std::uint32_t extra = extension_bytes(message.extensions);
  RecordHeader header;
  header.payload_bytes = static_cast<std::uint32_t>(message.payload.size());
  header.bytes = static_cast<std::uint32_t>(sizeof header) + extra + header.payload_bytes;
  header.extension_words = static_cast<std::uint8_t>(extra / 8);
  header.flags = message.flags;
  header.type = message.type;
  header.id = message.id;
  header.format = message.format;
  header.route = message.route;
  header.object_count = message.object_count;
  header.region_count = static_cast<std::uint8_t>(writable_regions(message.extensions).size() /
                                                  sizeof(RegionMention));
  std::memcpy(out, &header, sizeof header);
  if (extra != 0) write_extensions(message.extensions, out + sizeof header);
  if (!message.payload.empty()) {
    std::memcpy(out + sizeof header + extra, message.payload.data(), message.payload.size());
  }
}

std::optional<ParsedRecord> parse_record(std::span<const std::byte> record) noexcept {
  ParsedRecord parsed;
  if (record.size() < sizeof(RecordHeader)) return std::nullopt;
  std::memcpy(&parsed.header, record.data(), sizeof(RecordHeader));
  if (parsed.header.kind != RecordKind::Message ||
      !plausible(parsed.header, padded(parsed.header.bytes)) ||
      parsed.header.bytes > record.size()) {
    return std::nullopt;
  }
  const std::size_t extra = std::size_t{parsed.header.extension_words} * 8;
  if (!read_extensions(record.subspan(sizeof(RecordHeader), extra), parsed.extensions))
    return std::nullopt;
  parsed.payload = record.subspan(sizeof(RecordHeader) + extra, parsed.header.payload_bytes);
  return parsed;
}

}  // namespace busbar
