// LinkFrame: the few small things that the two ends of a link tell each other on their own channel,
// beside the ring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
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
  // Producer to consumer, with 2 to kMaxObjects handles: the objects of `number` messages, in the
  // order of `shares`, before their records are published. bytes = how many.
  ObjectsOfSeveral = 11,
};

// The part of one message.
struct ObjectShare {
  std::uint64_t message_id = 0;
  std::uint8_t objects = 0;
};

// The most messages whose objects go in one frame. With more, a system call would cost each of them
// hardly less, and a receiver at its descriptor limit would lose the objects of more.
inline constexpr std::size_t kMaxObjectShares = 16;

struct LinkFrame {
  LinkFrameKind kind{};
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  // Of ObjectsOfSeveral.
  std::vector<ObjectShare> shares{};
};

inline constexpr std::size_t kLinkFrameBytes = 17;
inline constexpr std::size_t kObjectShareBytes = 9;

[[nodiscard]] inline std::vector<std::byte> encode(const LinkFrame& frame) {
  std::vector<std::byte> out;
  out.reserve(kLinkFrameBytes + frame.shares.size() * kObjectShareBytes);
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(frame.kind));
  writer.u64(frame.number);
  writer.u64(frame.bytes);
  for (const ObjectShare& share : frame.shares) {
    writer.u64(share.message_id);
    writer.u8(share.objects);
  }
  return out;
}

// False: there are too few or too many, or they do not come to as many objects as the frame says.
[[nodiscard]] inline bool decode_shares(ByteReader& reader, LinkFrame& frame) {
  if (frame.number < 2 || frame.number > kMaxObjectShares || frame.bytes > kMaxObjects ||
      reader.remaining() != frame.number * kObjectShareBytes)
    return false;
  frame.shares.resize(frame.number);
  std::uint64_t objects = 0;
  for (ObjectShare& share : frame.shares) {
    share.message_id = reader.u64();
    share.objects = reader.u8();
    if (share.objects == 0) return false;
    objects += share.objects;
  }
  return objects == frame.bytes;
}

[[nodiscard]] inline std::optional<LinkFrame> decode_link_frame(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  LinkFrame frame;
  const std::uint8_t kind = reader.u8();
  frame.number = reader.u64();
  frame.bytes = reader.u64();
  if (!reader.ok() || kind < 1 || kind > 11) return std::nullopt;
  frame.kind = static_cast<LinkFrameKind>(kind);
  const bool whole = frame.kind == LinkFrameKind::ObjectsOfSeveral ? decode_shares(reader, frame)
                                                                   : reader.remaining() == 0;
  return whole ? std::optional(std::move(frame)) : std::nullopt;
}

}  // namespace busbar
