// Origin: the original sender of a message that the controller sends for a member that has left.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "core/ring/record.h"
#include "core/selector/label.h"

namespace busbar {

struct Origin {
  std::uint64_t id = 0;
  std::uint32_t pid = 0;
  Label label;

  friend bool operator==(const Origin&, const Origin&) noexcept = default;
};

// The largest encoded origin, without padding.
inline constexpr std::size_t kMaxOriginBytes = 16 + kMaxLabelBytes;
static_assert(kMaxOriginBytes <= kMaxRecordOrigin);

[[nodiscard]] inline std::vector<std::byte> encode(const Origin& origin) {
  std::vector<std::byte> out;
  ByteWriter writer(out);
  writer.u64(origin.id);
  writer.u32(origin.pid);
  writer.u32(static_cast<std::uint32_t>(origin.label.encoded().size()));
  writer.bytes(origin.label.encoded());
  return out;
}

// `bytes` may have padding after the origin.
[[nodiscard]] inline std::optional<Origin> decode_origin(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  Origin origin;
  origin.id = reader.u64();
  origin.pid = reader.u32();
  auto label = Label::decode(reader.bytes(reader.u32()));
  if (!reader.ok() || !label) return std::nullopt;
  origin.label = label.take();
  return origin;
}

}  // namespace busbar
