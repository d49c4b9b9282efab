// LinkFrame: the few small things that the two ends of a link tell each other on their own channel,
// beside the ring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

namespace busbar {

enum class LinkFrameKind : std::uint8_t {
  // Producer to consumer, with one handle: memory of a spill, which records will refer to.
  // number = its id, bytes = its size.
  Spill = 1,
  // Producer to consumer: unmap spill `number`, no record will refer to it again.
  ForgetSpill = 2,
  // Consumer to producer: the ring is mapped; copies of its handles are needed no more.
  Attached = 3,
  // Consumer to producer: the position it waited for is reached. A hint; may come in vain.
  Wake = 4,
  // Consumer to producer, before it hangs up: number = the Status that says why.
  Refused = 5,
  // Producer to consumer, with 1 to kMaxObjects handles: the objects of message `number`, before
  // its record is published. bytes = how many.
  Objects = 6,
  // Producer to consumer, with its kRegionHandles handles: memory region `number` of `bytes`, which
  // messages will mention.
  MemoryRegion = 7,
  // Producer to consumer: memory region `number` is not going to be mentioned any more.
  ForgetMemory = 8,
  // Consumer to producer: it never got memory region `number`, to which there were `bytes`
  // references.
  LostMemory = 9,
  // Consumer to producer: it never got spill `number`, whose payload it is to read next. Stops
  // reading until it is given once more.
  LostSpill = 10,
};

struct LinkFrame {
  LinkFrameKind kind{};
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
};

inline constexpr std::size_t kLinkFrameBytes = 17;

[[nodiscard]] inline std::vector<std::byte> encode(const LinkFrame& frame) {
  std::vector<std::byte> out;
  out.reserve(kLinkFrameBytes);
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(frame.kind));
  writer.u64(frame.number);
  writer.u64(frame.bytes);
  return out;
}

[[nodiscard]] inline std::optional<LinkFrame> decode_link_frame(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  LinkFrame frame;
  const std::uint8_t kind = reader.u8();
  frame.number = reader.u64();
  frame.bytes = reader.u64();
  if (!reader.ok() || reader.remaining() != 0 || kind < 1 || kind > 10) return std::nullopt;
  frame.kind = static_cast<LinkFrameKind>(kind);
  return frame;
}

}  // namespace busbar
