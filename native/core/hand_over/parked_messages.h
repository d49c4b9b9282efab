// ParkedMessages: messages with a time-to-live for which no receiver has joined yet. They wait with
// their sender, in order, and go to the controller if the sender leaves first.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/budget.h"
#include "base/join_options.h"
#include "base/status.h"
#include "base/uuid.h"
#include "core/region/object_bundle.h"
#include "core/region/region_bundle.h"
#include "core/selector/selector_program.h"
#include "platform/reactor.h"

namespace busbar {

struct ParkedMessage {
  // Its sender's number of the message, which it keeps for life; orders it among the messages of
  // this process if it is one of them. 0: it has none yet.
  std::uint64_t id = 0;
  SelectorProgram program;
  bool unicast = true;
  bool exclude_self = false;
  std::uint64_t expires_at_ms = 0;
  Uuid type{};
  std::uint16_t format = 0;
  std::uint64_t reply_to = 0;
  std::uint64_t delivery = 0;
  bool wants_handled = false;
  // Its sender lets observers get copies.
  bool observable = true;
  // Encoded Origin of a sender that has left; empty for messages of this endpoint.
  std::vector<std::byte> origin{};
  // Opaque bytes beside the payload, at most kMaxMetadataBytes; empty for none.
  std::vector<std::byte> metadata{};
  std::vector<std::byte> payload{};
  // Kernel objects; null for none. A message with objects cannot be handed over.
  std::shared_ptr<const ObjectBundle> objects{};
  // Memory regions, and that this process holds them; null for none. A message with regions cannot
  // be handed over.
  std::shared_ptr<const RegionBundle> memory{};
  std::shared_ptr<const RegionClaim> claim{};
};

// No message expires after this moment of the monotonic clock: 139 years after the machine was
// started.
inline constexpr std::uint64_t kLatestExpiryMs = std::uint64_t{1} << 42U;
static_assert(
    static_cast<std::int64_t>(kLatestExpiryMs) <
    std::chrono::duration_cast<std::chrono::milliseconds>(TimePoint::duration::max()).count());
// The highest limit of parked messages that an endpoint can have.
inline constexpr std::size_t kMaxParkedMessages = option::max_parked.most;
class HandOverWriter;

class ParkedMessages {
 public:
  // Parks at most `max_messages` messages and `max_bytes` bytes; the bytes are charged to `budget`.
  ParkedMessages(std::size_t max_messages, std::uint64_t max_bytes, Budget& budget) noexcept
      : max_messages_(max_messages), max_bytes_(max_bytes), bytes_(budget) {}

  [[nodiscard]] bool has_room(std::uint64_t payload_bytes) const noexcept {
    return messages_.size() < max_messages_ && bytes_.may_grow(payload_bytes) &&
           (messages_.empty() || bytes_.amount() + payload_bytes <= max_bytes_);
  }
  // Parks the message behind those that were sent before it. One of another endpoint has no order
  // with this endpoint's own.
  void park(ParkedMessage message);
  [[nodiscard]] bool empty() const noexcept { return messages_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return messages_.size(); }
  [[nodiscard]] std::optional<std::uint64_t> next_expiry_ms() const noexcept;

  void clear() noexcept;
  // Removes and returns the expired messages.
  [[nodiscard]] std::vector<ParkedMessage> take_expired(std::uint64_t now_ms);
  // Removes the messages for which `is_done(message)` is true, called in the order in which they
  // were sent. Returns how many were removed.
  template <typename Predicate>
  std::size_t remove_if(Predicate is_done) {
    return messages_.remove_if([&](const ParkedMessage& message) {
      if (!is_done(message)) return false;
      bytes_.subtract(message.payload.size());
      return true;
    });
  }

  // Moves the messages that can be handed over to `writer`; `default_origin` names the sender of
  // messages without an origin.
  void hand_over(std::span<const std::byte> default_origin, HandOverWriter& writer);

 private:
  std::list<ParkedMessage> messages_;
  std::size_t max_messages_;
  std::uint64_t max_bytes_;
  Charge bytes_;
};

}  // namespace busbar
