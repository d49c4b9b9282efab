// What a receiver that is gone, or given up, had not taken: read back out of the ring, the queue
// and the obligations.
#include <algorithm>
#include <utility>

#include "core/outbound_link.h"

namespace busbar {

std::vector<OutboundLink::Orphan> OutboundLink::mark_dead(
    const std::function<void(std::uint64_t)>& done) {
  std::vector<Orphan> orphans;
  state_ = State::Dead;
  introduction_.clear();
  abandon_reservation();
  // A head that is nonsense counts as not moved: better a message too many than one too few.
  (void)producer_.refresh_head();
  settle(done);
  collect_unhandled(orphans);
  collect_untaken(orphans);
  collect_queued(orphans);
  collect_latest(orphans);
  tracked_.clear();
  reclaim_memory(orphans);
  return orphans;
}

std::vector<OutboundLink::Orphan> OutboundLink::disconnect(
    const std::function<void(std::uint64_t)>& done,
    const std::function<void(const Obligation&)>& unknown) {
  std::vector<Orphan> orphans;
  abandon_reservation();
  (void)producer_.refresh_head();
  settle(done);
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
  for (Tracked& tracked : unhandled_)
    out.push_back({std::move(tracked.copy), std::move(tracked.obligation)});
  unhandled_.clear();
}

// From the head, which is a boundary between our records whatever the receiver wrote.
void OutboundLink::collect_untaken(std::vector<Orphan>& out) {
  for (std::uint64_t position = producer_.head(); position < producer_.tail();) {
    RecordHeader header;
    const std::uint64_t left = producer_.left_at(position);
    std::memcpy(static_cast<void*>(&header), producer_.at(position),
                std::min<std::uint64_t>(left, sizeof header));
    if (!plausible(header, left)) break;
    const std::uint64_t end = position + padded(header.bytes);
    if (header.kind == RecordKind::Message) {
      Orphan orphan;
      orphan.record.assign(producer_.at(position), producer_.at(position) + header.bytes);
      if (tracked_published_ > 0 && tracked_.front().position == end) {
        orphan.obligation = std::move(tracked_.front().obligation);
        tracked_.pop_front();
        --tracked_published_;
      }
      out.push_back(std::move(orphan));
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
