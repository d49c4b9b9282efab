// What a receiver that is gone, or given up, had not taken: read back out of the ring, the queue
// and the obligations.
#include <algorithm>
#include <cstring>
#include <utility>

#include "core/link/outbound_link.h"

namespace busbar {

std::vector<OutboundLink::Orphan> OutboundLink::mark_dead(const OnSettled& settled) {
  std::vector<Orphan> orphans;
  state_ = State::Dead;
  introduction_.clear();
  abandon_reservation();
  // A head that is nonsense counts as not moved: better a message too many than one too few.
  (void)producer_.refresh_head();
  obligations_.settle(settled);
  for (Obligations::Tracked& tracked : obligations_.take_unhandled()) {
    if (!tracked.settled)
      orphans.push_back({std::move(tracked.copy), std::move(tracked.obligation)});
  }
  collect_untaken(orphans, settled);
  collect_queued(orphans);
  obligations_.clear();
  // First this process holds the regions of the messages that go elsewhere, then the receiver does
  // no more.
  claim_memory(orphans);
  flights_.close();
  flights_.clear();
  return orphans;
}

std::vector<OutboundLink::Orphan> OutboundLink::disconnect(
    const OnSettled& settled, const std::function<void(const Obligation&)>& unknown) {
  std::vector<Orphan> orphans;
  abandon_reservation();
  (void)producer_.refresh_head();
  obligations_.settle(settled);
  for (const Obligations::Tracked& tracked : obligations_.take_unhandled())
    unknown(tracked.obligation);
  while (const auto tracked = obligations_.take_published()) unknown(tracked->obligation);
  collect_queued(orphans);
  claim_memory(orphans);
  obligations_.clear();
  (void)ring_if_asleep();
  hang_up();
  state_ = State::Dead;
  introduction_.clear();
  return orphans;
}

void OutboundLink::claim_memory(std::vector<Orphan>& orphans) {
  for (Orphan& orphan : orphans) {
    Obligation& owed = orphan.obligation;
    if (owed.memory != nullptr && owed.claim == nullptr)
      owed.claim = std::make_shared<RegionClaim>(owed.memory);
  }
}

// From the head, which is a boundary between our records whatever the receiver wrote. A message
// that ends at `begun` or before may have come to the receiver's program: it goes nowhere else,
// except if it was to be handled.
void OutboundLink::collect_untaken(std::vector<Orphan>& out, const OnSettled& settled) {
  const std::uint64_t begun = producer_.begun();
  for (std::uint64_t position = producer_.head(); position < producer_.tail();) {
    RecordHeader header;
    const std::uint64_t left = producer_.left_at(position);
    std::memcpy(static_cast<void*>(&header), producer_.at(position),
                std::min<std::uint64_t>(left, sizeof header));
    if (!plausible(header, left)) break;
    const std::uint64_t end = position + padded(header.bytes);
    if (header.kind == RecordKind::Message) {
      std::optional<Obligations::Tracked> tracked = obligations_.take_published(end);
      const bool done = tracked && tracked->settled;
      const bool in_doubt = end <= begun && !(tracked && tracked->obligation.wants_handled);
      if (tracked && in_doubt) obligations_.settle_one(*tracked, Status::PeerGone, settled);
      if (!done && !in_doubt) {
        Orphan orphan;
        orphan.record.assign(producer_.at(position), producer_.at(position) + header.bytes);
        if (tracked) orphan.obligation = std::move(tracked->obligation);
        out.push_back(std::move(orphan));
      }
    }
    position = end;
  }
  // None, as every obligation belongs to a record. Should one be left, somebody waits for it.
  while (std::optional<Obligations::Tracked> left = obligations_.take_published())
    out.push_back({{}, std::move(left->obligation)});
}

void OutboundLink::collect_queued(std::vector<Orphan>& out) {
  gathered_ = 0;
  while (!queue_.empty()) {
    const std::span<const std::byte> record = queue_.front();
    Orphan orphan;
    orphan.record.assign(record.begin(), record.end());
    if (auto owed = obligations_.take_queued(++published_)) orphan.obligation = std::move(*owed);
    queue_.pop_front();
    out.push_back(std::move(orphan));
  }
  for (LatestValues<Obligation>::Waiting& waiting : latest_.take_all())
    out.push_back({std::move(waiting.record), std::move(waiting.owed)});
}

}  // namespace busbar
