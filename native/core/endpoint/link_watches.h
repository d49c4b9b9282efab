// LinkWatches: the channels of an endpoint's links on its reactor. Both threads open and close
// links, but only the control thread may use the reactor: links that it does not watch yet, and
// closed links that it still watches, wait here for it. All calls with the endpoint's lock held.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "core/endpoint/receiver.h"
#include "core/endpoint/sender.h"
#include "platform/reactor.h"

namespace busbar {

class LinkWatches {
 public:
  // Both threads.
  void add(const OutboundLink& link) { outbound_.push_back(link.link_id()); }
  void add(const InboundLink& link) { inbound_.push_back(link.slot()); }
  // Keeps a closed link until the reactor has forgotten its channel.
  void retire(std::unique_ptr<OutboundLink> link) { closed_outbound_.push_back(std::move(link)); }
  void retire(std::unique_ptr<InboundLink> link) { closed_inbound_.push_back(std::move(link)); }

  // The control thread.
  // False: a channel could not be watched; to be called again soon.
  [[nodiscard]] bool watch_added(Reactor& reactor, const Sender& sender, Receiver& receiver);
  // The reactor forgets the channels of closed links; then the links are destroyed.
  void forget_retired(Reactor& reactor);
  // What comes on this channel is read with the records that it belongs to: a wake-up for each
  // datagram would be in vain. The reactor leaves it alone for kPause; what else comes, which can
  // wait that long, is read then.
  void pause(Reactor& reactor, std::uint32_t slot, TimePoint now);
  // Ends the pauses that are over.
  void resume(Reactor& reactor, TimePoint now);
  [[nodiscard]] std::optional<TimePoint> next_resumption() const noexcept {
    return paused_.empty() ? std::nullopt : std::optional(paused_.front().until);
  }

 private:
  // So that a stream of objects costs 50 wake-ups a second, and memory that its sender takes back
  // meanwhile stays mapped no longer than that.
  static constexpr std::chrono::milliseconds kPause{20};
  struct Paused {
    std::uint32_t slot = 0;
    TimePoint until{};
  };

  // Not watched yet: numbers of outbound links, slots of inbound links.
  std::vector<std::uint64_t> outbound_;
  std::vector<std::uint32_t> inbound_;
  std::vector<std::unique_ptr<InboundLink>> closed_inbound_;
  std::vector<std::unique_ptr<OutboundLink>> closed_outbound_;
  // Inbound links, in the order in which their pauses end.
  std::deque<Paused> paused_;
};

}  // namespace busbar
