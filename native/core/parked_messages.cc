// Messages that wait for somebody to join.
#include "core/parked_messages.h"

#include <algorithm>
#include <iterator>

#include "core/bytes.h"

namespace busbar {
namespace {

constexpr std::uint8_t kUnicastFlag = 1;
constexpr std::uint8_t kExcludeSelfFlag = 2;
// Messages in one hand-over: the most that a sender may park.
constexpr std::size_t kMostHandedOver = kMaxParkedMessages;

void encode_one(const ParkedMessage& message, std::span<const std::byte> origin,
                ByteWriter& writer) {
  const int flags =
      (message.unicast ? kUnicastFlag : 0) | (message.exclude_self ? kExcludeSelfFlag : 0);
  writer.u8(static_cast<std::uint8_t>(flags));
  writer.u64(message.expires_at_ms);
  writer.u16(static_cast<std::uint16_t>(message.program.bytes().size()));
  writer.bytes(message.program.bytes());
  writer.u16(static_cast<std::uint16_t>(origin.size()));
  writer.bytes(origin);
  writer.bytes(std::as_bytes(std::span(message.type.bytes)));
  writer.u16(message.format);
  writer.u64(message.reply_to);
  writer.u32(static_cast<std::uint32_t>(message.payload.size()));
  writer.bytes(message.payload);
}

std::optional<ParkedMessage> decode_one(ByteReader& reader) {
  const std::uint8_t flags = reader.u8();
  const std::uint64_t expires_at_ms = reader.u64();
  auto program = SelectorProgram::create(reader.bytes(reader.u16()));
  const std::span<const std::byte> origin = reader.bytes(reader.u16());
  const std::span<const std::byte> type = reader.bytes(16);
  const std::uint16_t format = reader.u16();
  const std::uint64_t reply_to = reader.u64();
  const std::span<const std::byte> payload = reader.bytes(reader.u32());
  if (!reader.ok() || !program) return std::nullopt;
  ParkedMessage message{0,
                        program.take(),
                        (flags & kUnicastFlag) != 0,
                        (flags & kExcludeSelfFlag) != 0,
                        expires_at_ms,
                        {},
                        format,
                        reply_to,
                        0,
                        false,
                        {},
                        {},
                        {},
                        {},
                        {}};
  std::copy(type.begin(), type.end(), reinterpret_cast<std::byte*>(message.type.bytes.data()));
  message.origin.assign(origin.begin(), origin.end());
  message.payload.assign(payload.begin(), payload.end());
  return message;
}

}  // namespace

void ParkedMessages::park(ParkedMessage message) {
  bytes_.add(message.payload.size());
  auto place = messages_.end();
  while (place != messages_.begin() && std::prev(place)->id > message.id) --place;
  messages_.insert(place, std::move(message));
}

std::optional<std::uint64_t> ParkedMessages::next_expiry_ms() const noexcept {
  std::optional<std::uint64_t> next;
  for (const ParkedMessage& message : messages_) {
    if (!next || message.expires_at_ms < *next) next = message.expires_at_ms;
  }
  return next;
}

void ParkedMessages::clear() noexcept {
  messages_.clear();
  bytes_.subtract(bytes_.amount());
}

std::vector<ParkedMessage> ParkedMessages::take_expired(std::uint64_t now_ms) {
  std::vector<ParkedMessage> expired;
  for (const ParkedMessage& message : messages_) {
    if (message.expires_at_ms <= now_ms) expired.push_back(message);
  }
  (void)remove_if([now_ms](const ParkedMessage& each) { return each.expires_at_ms <= now_ms; });
  return expired;
}

std::vector<HandOver> ParkedMessages::take_hand_overs(std::span<const std::byte> default_origin) {
  std::vector<HandOver> portions;
  std::vector<std::byte> one;
  (void)remove_if([&](const ParkedMessage& message) {
    if (message.objects != nullptr || message.memory != nullptr) return false;
    one.clear();
    ByteWriter writer(one);
    encode_one(message,
               message.origin.empty() ? default_origin : std::span<const std::byte>(message.origin),
               writer);
    if (one.size() > kMostHandOverBytes) return false;
    if (portions.empty() || portions.back().bytes.size() + one.size() > kMostHandOverBytes)
      portions.emplace_back();
    portions.back().bytes.insert(portions.back().bytes.end(), one.begin(), one.end());
    ++portions.back().messages;
    return true;
  });
  return portions;
}

std::optional<std::vector<ParkedMessage>> ParkedMessages::decode_all(
    std::span<const std::byte> bytes) {
  std::vector<ParkedMessage> messages;
  ByteReader reader(bytes);
  while (reader.remaining() != 0) {
    auto message = decode_one(reader);
    if (!message || messages.size() >= kMostHandedOver) return std::nullopt;
    messages.push_back(std::move(*message));
  }
  return messages;
}

}  // namespace busbar
