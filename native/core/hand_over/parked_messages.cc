// Messages that wait for a receiver to join.
#include "core/hand_over/parked_messages.h"

#include <algorithm>
#include <iterator>

#include "core/hand_over/hand_over.h"

namespace busbar {
void ParkedMessages::park(ParkedMessage message) {
  bytes_.add(message.payload.size());
  auto place = messages_.end();
  const auto belongs_before = [&message](const ParkedMessage& other) {
    return message.origin.empty() && (!other.origin.empty() || other.id > message.id);
  };
  while (place != messages_.begin() && belongs_before(*std::prev(place))) --place;
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
  for (auto place = messages_.begin(); place != messages_.end();) {
    if (place->expires_at_ms > now_ms) {
      ++place;
      continue;
    }
    bytes_.subtract(place->payload.size());
    expired.push_back(std::move(*place));
    place = messages_.erase(place);
  }
  return expired;
}

void ParkedMessages::hand_over(std::span<const std::byte> default_origin, HandOverWriter& writer) {
  (void)remove_if(
      [&](const ParkedMessage& message) { return writer.add(message, default_origin); });
}

}  // namespace busbar
