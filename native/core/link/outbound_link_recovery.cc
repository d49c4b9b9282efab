// What a receiver that is gone, or given up, had not taken: read back out of the ring, the queue
// and the obligations.
#include <algorithm>
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
  settle(settled);
  collect_unhandled(orphans);
  collect_untaken(orphans, settled);
  collect_queued(orphans);
  collect_latest(orphans);
  tracked_.clear();
  reclaim_memory(orphans);
  return orphans;
}

std::vector<OutboundLink::Orphan> OutboundLink::disconnect(
    const OnSettled& settled, const std::function<void(const Obligation&)>& unknown) {
  std::vector<Orphan> orphans;
  abandon_reservation();
  (void)producer_.refresh_head();
  settle(settled);
  for (const Tracked& tracked : unhandled_) unknown(tracked.obligation);
  unhandled_.clear();
  for (std::size_t index = 0; index < tracked_published_; ++index)
    unknown(tracked_[index].obligation);
  tracked_.erase(tracked_.begin(),
                 tracked_.begin() + static_cast<std::ptrdiff_t>(tracked_published_));
  tracked_published_ = 0;
  collect_queued(orphans);
  collect_latest(orphans);
  claim_memory(orphans);
  tracked_.clear();
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

// First this process holds the regions of what has to go elsewhere, then the receiver does no more.
void OutboundLink::reclaim_memory(std::vector<Orphan>& orphans) {
  claim_memory(orphans);
  for (const KnownMemory& known : known_memory_) {
    if (const auto region = known.region.lock()) region->close_flight(known.flight);
  }
  known_memory_.clear();
}

void OutboundLink::collect_unhandled(std::vector<Orphan>& out) {
  for (Tracked& tracked : unhandled_) {
    if (!tracked.settled) out.push_back({std::move(tracked.copy), std::move(tracked.obligation)});
  }
  unhandled_.clear();
}

// From the head, which is a boundary between our records whatever the receiver wrote. What ends at
// `begun` or before may have come to its program: nobody else gets it, but for what it was to
// handle.
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
      std::optional<Tracked> tracked;
      if (tracked_published_ > 0 && tracked_.front().position == end) {
        tracked = std::move(tracked_.front());
        tracked_.pop_front();
        --tracked_published_;
      }
      const bool done = tracked && tracked->settled;
      const bool in_doubt = end <= begun && !(tracked && tracked->obligation.wants_handled);
      if (tracked && in_doubt) settle_one(*tracked, Status::PeerGone, settled);
      if (!done && !in_doubt) {
        Orphan orphan;
        orphan.record.assign(producer_.at(position), producer_.at(position) + header.bytes);
        if (tracked) orphan.obligation = std::move(tracked->obligation);
        out.push_back(std::move(orphan));
      }
    }
    position = end;
  }
  // None, as every obligation is that of a record. Should one be left, somebody waits for it.
  for (; tracked_published_ > 0; --tracked_published_) {
    out.push_back({{}, std::move(tracked_.front().obligation)});
    tracked_.pop_front();
  }
}

void OutboundLink::collect_queued(std::vector<Orphan>& out) {
  while (!queue_.empty()) {
    const std::span<const std::byte> record = queue_.front();
    Orphan orphan;
    orphan.record.assign(record.begin(), record.end());
    if (Tracked* tracked = next_tracked(); tracked != nullptr) {
      orphan.obligation = std::move(tracked->obligation);
      tracked_.pop_front();
    }
    ++published_;
    queue_.pop_front();
    out.push_back(std::move(orphan));
  }
}

}  // namespace busbar
