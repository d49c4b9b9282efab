// Writing and reading of parked messages that are handed over.
#include "core/hand_over/hand_over.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"

namespace busbar {
namespace {

constexpr std::uint8_t kUnicastFlag = 1;
constexpr std::uint8_t kExcludeSelfFlag = 2;
constexpr std::uint8_t kUnobservableFlag = 4;
// All fields but program, origin, metadata and payload.
constexpr std::size_t kFixedBytes = 1 + 8 + 2 + 2 + 16 + 2 + 8 + 8 + 1 + 4;
// A longer head is never valid. An origin may have arrived with padding.
constexpr std::size_t kMaxHeadBytes =
    kFixedBytes + kMaxSelectorBytes + kMaxRecordOrigin + kMaxMetadataBytes;
static_assert(kMaxMetadataBytes <= 255);

void encode_one(const ParkedMessage& message, std::span<const std::byte> origin,
                ByteWriter& writer) {
  const int flags = (message.unicast ? kUnicastFlag : 0) |
                    (message.exclude_self ? kExcludeSelfFlag : 0) |
                    (message.observable ? 0 : kUnobservableFlag);
  writer.u8(static_cast<std::uint8_t>(flags));
  writer.u64(message.expires_at_ms);
  writer.u16(static_cast<std::uint16_t>(message.program.bytes().size()));
  writer.bytes(message.program.bytes());
  writer.u16(static_cast<std::uint16_t>(origin.size()));
  writer.bytes(origin);
  writer.bytes(std::as_bytes(std::span(message.type.bytes)));
  writer.u16(message.format);
  writer.u64(message.id);
  writer.u64(message.reply_to);
  writer.u8(static_cast<std::uint8_t>(message.metadata.size()));
  writer.bytes(message.metadata);
  writer.u32(static_cast<std::uint32_t>(message.payload.size()));
  writer.bytes(message.payload);
}

// Decodes a message except its payload, whose length is left in `out_payload_bytes`.
std::optional<ParkedMessage> decode_head(ByteReader& reader, std::uint32_t& out_payload_bytes) {
  const std::uint8_t flags = reader.u8();
  const std::uint64_t expires_at_ms = reader.u64();
  auto program = SelectorProgram::create(reader.bytes(reader.u16()));
  const std::span<const std::byte> origin = reader.bytes(reader.u16());
  const std::span<const std::byte> type = reader.bytes(16);
  const std::uint16_t format = reader.u16();
  const std::uint64_t id = reader.u64();
  const std::uint64_t reply_to = reader.u64();
  const std::span<const std::byte> metadata = reader.bytes(reader.u8());
  out_payload_bytes = reader.u32();
  if (!reader.ok() || !program || expires_at_ms > kLatestExpiryMs ||
      metadata.size() > kMaxMetadataBytes) {
    return std::nullopt;
  }
  ParkedMessage message{.id = id,
                        .program = program.take(),
                        .unicast = (flags & kUnicastFlag) != 0,
                        .exclude_self = (flags & kExcludeSelfFlag) != 0,
                        .expires_at_ms = expires_at_ms,
                        .format = format,
                        .reply_to = reply_to,
                        .observable = (flags & kUnobservableFlag) == 0,
                        .metadata = {metadata.begin(), metadata.end()}};
  std::copy(type.begin(), type.end(), reinterpret_cast<std::byte*>(message.type.bytes.data()));
  if (origin.empty()) return message;
  // Receivers will believe the origin: it is encoded again, so that it holds nothing else.
  const auto known = decode_origin(origin);
  if (!known) return std::nullopt;
  message.origin = encode(*known);
  return message;
}

}  // namespace

bool HandOverWriter::add(const ParkedMessage& message, std::span<const std::byte> origin) {
  if (message.objects != nullptr || message.memory != nullptr) return false;
  one_.clear();
  ByteWriter writer(one_);
  encode_one(message, message.origin.empty() ? origin : std::span<const std::byte>(message.origin),
             writer);
  if (one_.size() > kMaxHandOverBytes) return false;
  if (portions_.empty() || portions_.back().bytes.size() + one_.size() > kMaxHandOverBytes)
    portions_.emplace_back();
  portions_.back().bytes.insert(portions_.back().bytes.end(), one_.begin(), one_.end());
  ++portions_.back().messages;
  return true;
}

HandOverReader::Step HandOverReader::read_head(const Judge& judge) {
  // A private copy of the longest possible head.
  const auto front = source_.first(std::min(source_.size(), kMaxHeadBytes));
  head_.assign(front.begin(), front.end());
  ByteReader reader(head_);
  std::uint32_t payload_bytes = 0;
  auto message = decode_head(reader, payload_bytes);
  if (!message) return Step::Broken;
  const std::size_t head_bytes = head_.size() - reader.remaining();
  if (payload_bytes > source_.size() - head_bytes) return Step::Broken;
  source_ = source_.subspan(head_bytes);
  switch (judge(*message, payload_bytes)) {
    case Verdict::Stop:
      return Step::Done;
    case Verdict::Skip:
      source_ = source_.subspan(payload_bytes);
      return Step::More;
    case Verdict::Take:
      break;
  }
  message->payload.reserve(payload_bytes);
  missing_ = payload_bytes;
  current_ = std::move(message);
  return Step::More;
}

HandOverReader::Step HandOverReader::read(std::size_t bytes, std::size_t messages,
                                          const Judge& judge, std::vector<ParkedMessage>& out) {
  while (bytes != 0 && messages != 0) {
    if (!current_) {
      if (source_.empty()) return Step::Done;
      const Step step = read_head(judge);
      if (step != Step::More) return step;
      bytes -= std::min(bytes, head_.size());
      --messages;
    }
    if (!current_) continue;
    const auto part = source_.first(std::min(bytes, missing_));
    current_->payload.insert(current_->payload.end(), part.begin(), part.end());
    source_ = source_.subspan(part.size());
    missing_ -= part.size();
    bytes -= part.size();
    if (missing_ != 0) continue;
    out.push_back(std::move(*current_));
    current_.reset();
  }
  return !current_ && source_.empty() ? Step::Done : Step::More;
}

std::optional<std::vector<ParkedMessage>> HandOverReader::read_all(
    std::span<const std::byte> source) {
  std::vector<ParkedMessage> messages;
  HandOverReader reader(source);
  const Judge take = [](const ParkedMessage&, std::uint64_t) { return Verdict::Take; };
  for (Step step = Step::More; step == Step::More;) {
    step = reader.read(kMaxHandOverBytes, kMaxParkedMessages, take, messages);
    if (step == Step::Broken || messages.size() > kMaxParkedMessages) return std::nullopt;
  }
  return messages;
}

}  // namespace busbar
