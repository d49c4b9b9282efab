// Which of the received messages the program of a receiving endpoint has taken: the others still
// belong to their senders.
#include <utility>

#include "core/endpoint/receiver.h"

namespace busbar {

void Receiver::begin_batch(InboundLink& link) {
  if (!touched_.empty() && touched_.back() == link.slot()) return;
  touched_.push_back(link.slot());
  link.batch_from = link.ring().head();
}

void Receiver::taken(std::size_t waiting, std::span<const ReceivedMessage> rows) {
  if (waiting == 0) return release_all();
  touched_.clear();
  for (const ReceivedMessage& row : rows) waiting_.push_back({row.link_slot, row.position});
  while (waiting_.size() > waiting) {
    const HandedOut taken = waiting_.front();
    waiting_.pop_front();
    // Of several in a row the last says it for all.
    const bool more = waiting_.size() > waiting && waiting_.front().slot == taken.slot;
    if (!more) release(taken.slot, taken.position);
  }
}

void Receiver::release_all() {
  for (const HandedOut& each : waiting_) {
    if (touched_.empty() || touched_.back() != each.slot) touched_.push_back(each.slot);
  }
  waiting_.clear();
  for (const std::uint32_t slot : touched_) {
    InboundLink* found = link(slot);
    if (found != nullptr) release(slot, found->ring().head());
  }
  touched_.clear();
}

void Receiver::release(std::uint32_t slot, std::uint64_t position) {
  InboundLink* found = link(slot);
  if (found == nullptr || found->taken() == position) return;
  found->release(position);
  note_owing(*found);
}

void Receiver::hand_back(std::size_t waiting, std::span<const ReceivedMessage> rows) {
  taken(waiting, rows);
  for (auto& [slot, link] : links_) link->ring().take_back(link->taken());
  waiting_.clear();
  done_ = true;
}

void Receiver::settle(std::uint32_t slot, std::uint64_t position, Status status) {
  InboundLink* found = link(slot);
  if (found == nullptr) return;
  found->settle(position, status);
  // A message that is refused before it is taken is reported when it is taken.
  if (position <= found->taken()) found->tell_settled();
  note_owing(*found);
}

}  // namespace busbar
