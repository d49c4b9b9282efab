// What both threads have noted, done by the control thread.
#include "core/endpoint/link_watches.h"

#include <utility>

#include "core/endpoint/reactor_tokens.h"

namespace busbar {

bool LinkWatches::watch_added(Reactor& reactor, const Sender& sender, Receiver& receiver) {
  for (const std::uint64_t link_id : std::exchange(outbound_, {})) {
    const OutboundLink* link = sender.find_link(link_id);
    if (link == nullptr || reactor.watch(link->channel(), outbound_token(link_id)).ok()) continue;
    outbound_.push_back(link_id);
  }
  for (const std::uint32_t slot : std::exchange(inbound_, {})) {
    const InboundLink* link = receiver.link(slot);
    if (link == nullptr || reactor.watch(link->channel(), inbound_token(slot)).ok()) continue;
    inbound_.push_back(slot);
  }
  return outbound_.empty() && inbound_.empty();
}

void LinkWatches::forget_retired(Reactor& reactor) {
  for (const std::unique_ptr<InboundLink>& link : closed_inbound_)
    reactor.forget(inbound_token(link->slot()));
  closed_inbound_.clear();
  for (const std::unique_ptr<OutboundLink>& link : closed_outbound_) {
    if (std::erase(outbound_, link->link_id()) == 0)
      reactor.forget(outbound_token(link->link_id()));
  }
  closed_outbound_.clear();
}

void LinkWatches::pause(Reactor& reactor, std::uint32_t slot, TimePoint now) {
  reactor.pause(inbound_token(slot));
  paused_.push_back({slot, now + kPause});
}

// Slots are never used again, and a reactor ignores a token that it has forgotten.
void LinkWatches::resume(Reactor& reactor, TimePoint now) {
  for (; !paused_.empty() && paused_.front().until <= now; paused_.pop_front())
    reactor.resume(inbound_token(paused_.front().slot));
}

}  // namespace busbar
