// Recipients: the endpoints that a Sender has a link to, each with what the Sender notes about the
// link. Every call with the endpoint's lock held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "core/link/outbound_link.h"

namespace busbar {

// One bit for each observer that a Sender knows.
using ObserverMask = std::uint16_t;

struct Recipient {
  // How far the endpoint is with introducing the link.
  enum class Introduction : std::uint8_t { AwaitsController, Retry, Sent };

  explicit Recipient(std::unique_ptr<OutboundLink> its_link) noexcept : link(std::move(its_link)) {}

  std::unique_ptr<OutboundLink> link;
  // It was written to since the last Sender::flush_bells, and is in the list of those to ring.
  bool in_dirty_list = false;
  std::uint32_t rings_this_turn = 0;
  // It is an observer, and gets copies only.
  bool observer = false;
  // Those that want what it gets from this endpoint.
  ObserverMask observers = 0;
  Introduction introduction = Introduction::AwaitsController;
  // A send was refused because it had no room, and the program waits for a RoomNotice.
  bool refused = false;
  // Messages not sent because it had no room, since the program was last notified.
  std::uint64_t dropped = 0;
  // When to settle quiet messages next (see Obligations::has_quiet).
  std::optional<TimePoint> settle_at{};

  [[nodiscard]] std::uint64_t peer_id() const noexcept { return link->peer_id(); }
  [[nodiscard]] bool introducing() const noexcept {
    return link->state() == OutboundLink::State::Introducing;
  }
  [[nodiscard]] bool needs_introduction() const noexcept {
    return introducing() && introduction == Introduction::Retry;
  }
};

class Recipients {
 public:
  // By the receiver's endpoint id. Addresses stay the same until remove().
  using Table = std::unordered_map<std::uint64_t, Recipient>;

  [[nodiscard]] Table::iterator begin() noexcept { return table_.begin(); }
  [[nodiscard]] Table::iterator end() noexcept { return table_.end(); }
  [[nodiscard]] Table::const_iterator begin() const noexcept { return table_.begin(); }
  [[nodiscard]] Table::const_iterator end() const noexcept { return table_.end(); }
  [[nodiscard]] std::size_t size() const noexcept { return table_.size(); }

  [[nodiscard]] Recipient* find(std::uint64_t peer_id) noexcept {
    const auto found = table_.find(peer_id);
    return found == table_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] Recipient* find_link(std::uint64_t link_id) const noexcept {
    const auto found = by_link_id_.find(link_id);
    return found == by_link_id_.end() ? nullptr : found->second;
  }

  Recipient& add(std::unique_ptr<OutboundLink> link) {
    const std::uint64_t peer_id = link->peer_id();
    const std::uint64_t link_id = link->link_id();
    Recipient& added = table_.emplace(peer_id, std::move(link)).first->second;
    by_link_id_.emplace(link_id, &added);
    return added;
  }
  // The link of a recipient that is none any more.
  [[nodiscard]] std::unique_ptr<OutboundLink> remove(Recipient& gone) {
    std::unique_ptr<OutboundLink> link = std::move(gone.link);
    by_link_id_.erase(link->link_id());
    table_.erase(link->peer_id());
    return link;
  }
  void clear() noexcept {
    by_link_id_.clear();
    table_.clear();
  }

 private:
  Table table_;
  std::unordered_map<std::uint64_t, Recipient*> by_link_id_;
};

}  // namespace busbar
