// The sending end of a link: putting messages, moving the queue, settling what is owed.
#include "core/link/outbound_link.h"

#include <algorithm>
#include <utility>

namespace busbar {
namespace {

// What we ask to be woken for may be there already, and so again. A receiver that writes its
// positions back and forth could keep us at it: after so many looks the rest is done later.
constexpr int kMostLooks = 64;

}  // namespace

Result<OutboundLink::Parts> OutboundLink::create_parts(Platform& platform, std::uint32_t peer_pid,
                                                       std::uint64_t ring_bytes) {
  Parts parts;
  // The consumer may only read the ring: so what lies in it can be trusted when a dead receiver's
  // share is read back.
  auto ring = platform.create_memory(kRingHeaderBytes + ring_bytes, Access::ReadOnly);
  if (!ring) return ring.error();
  auto consumer = platform.create_memory(kConsumerSegmentBytes, Access::ReadWrite);
  if (!consumer) return consumer.error();
  auto doorbell = platform.create_doorbell();
  if (!doorbell) return doorbell.error();
  auto pair = platform.create_channel_pair(peer_pid);
  if (!pair) return pair.error();
  auto ring_handle = ring.value()->share();
  if (!ring_handle) return ring_handle.error();
  auto consumer_handle = consumer.value()->share();
  if (!consumer_handle) return consumer_handle.error();
  auto doorbell_handle = doorbell.value()->share();
  if (!doorbell_handle) return doorbell_handle.error();
  doorbell.value()->end_sharing();
  parts.ring_memory = ring.take();
  parts.consumer_memory = consumer.take();
  parts.doorbell = doorbell.take();
  parts.channel = std::move(pair.value().mine);
  parts.introduction.push_back(ring_handle.take());
  parts.introduction.push_back(consumer_handle.take());
  parts.introduction.push_back(doorbell_handle.take());
  parts.introduction.push_back(std::move(pair.value().theirs));
  return parts;
}

Result<std::unique_ptr<OutboundLink>> OutboundLink::create(
    Platform& platform, std::uint64_t self_id, std::uint64_t peer_id, std::uint32_t peer_pid,
    std::uint64_t link_id, const Room& room) {
  auto parts = create_parts(platform, peer_pid, room.ring_bytes);
  if (!parts) return parts.error();
  return std::unique_ptr<OutboundLink>(
      new OutboundLink(platform, parts.take(), self_id, peer_id, peer_pid, link_id, room));
}

OutboundLink::OutboundLink(Platform& platform, Parts parts, std::uint64_t self_id,
                           std::uint64_t peer_id, std::uint32_t peer_pid, std::uint64_t link_id,
                           const Room& room)
    : platform_(platform),
      self_id_(self_id),
      peer_id_(peer_id),
      peer_pid_(peer_pid),
      link_id_(link_id),
      queue_limit_(room.queue_bytes),
      ring_memory_(std::move(parts.ring_memory)),
      consumer_memory_(std::move(parts.consumer_memory)),
      doorbell_(std::move(parts.doorbell)),
      channel_(std::move(parts.channel)),
      introduction_(std::move(parts.introduction)),
      producer_(ring_memory_->data(), consumer_memory_->data(), room.ring_bytes, link_id),
      queue_(room.queued),
      latest_(room.queued) {}

std::vector<const Handle*> OutboundLink::introduction_handles() const {
  std::vector<const Handle*> handles;
  handles.reserve(introduction_.size());
  for (const Handle& handle : introduction_) handles.push_back(&handle);
  return handles;
}

void OutboundLink::on_attached() noexcept {
  if (state_ != State::Introducing) return;
  state_ = State::Attached;
  introduction_.clear();
  ring_memory_->stop_sharing();
  consumer_memory_->stop_sharing();
}

bool OutboundLink::revoke() noexcept {
  if (producer_.revoke()) return true;
  on_attached();
  return false;
}

bool OutboundLink::has_room(std::uint64_t bytes, std::uint64_t spill_bytes, std::size_t objects) {
  if (!has_spill_room(spill_bytes) || !has_object_room(objects)) {
    release_taken();
    if (!has_spill_room(spill_bytes) || !has_object_room(objects)) {
      // Nobody is to wait for room without being told of it.
      quiet_armed_ = true;
      if (arm_wakes()) return false;
      release_taken();
      if (!has_spill_room(spill_bytes) || !has_object_room(objects)) return false;
    }
  }
  return has_queue_room(bytes) || (flush_queue() && has_queue_room(bytes));
}

bool OutboundLink::has_queue_room(std::uint64_t bytes) noexcept {
  if (!queue_.empty() && queue_.bytes() + bytes > queue_limit_) return false;
  // Where the other links have used everything up, what goes at once may still go.
  return queue_.may_grow(bytes) ||
         (queue_.empty() && !reserved_ &&
          producer_.reserve(static_cast<std::uint32_t>(bytes)) != nullptr);
}

bool OutboundLink::has_spill_room(std::uint64_t spill_bytes) const noexcept {
  return spill_bytes == 0 || spills_in_flight_ == 0 ||
         (spills_in_flight_ < kMaxSpillsInFlight && spilled_bytes_ + spill_bytes <= queue_limit_);
}

bool OutboundLink::has_object_room(std::size_t objects) const noexcept {
  return objects == 0 || objects_in_flight_ == 0 ||
         objects_in_flight_ + objects <= kMaxObjectsInFlight;
}

// What the receiver has taken is room again at once, not only when the control thread's turn comes;
// the rest of the obligation waits for settle().
void OutboundLink::release_taken() noexcept {
  if (!producer_.refresh_head()) return;
  for (std::size_t index = 0; index < tracked_published_; ++index) {
    Tracked& tracked = tracked_[index];
    if (tracked.position > producer_.head()) return;
    if (!tracked.obligation.wants_handled) release(tracked.obligation);
  }
}

void OutboundLink::release(Obligation& obligation) noexcept {
  spills_in_flight_ -= obligation.spill != nullptr ? 1 : 0;
  obligation.spill.reset();
  spilled_bytes_ -= std::exchange(obligation.spill_bytes, 0);
  objects_in_flight_ -= obligation.objects != nullptr ? obligation.objects->handles.size() : 0;
  obligation.objects.reset();
  obligation.memory.reset();
  obligation.claim.reset();
}

// So that a sender of nothing but attachments keeps no list of all it ever sent.
void OutboundLink::drop_taken_quiet() noexcept {
  if (tracked_published_ < kQuietUnnoticed || !tracked_.front().quiet) return;
  if (!producer_.refresh_head()) return;
  while (tracked_published_ > 0 && tracked_.front().position <= producer_.head() &&
         tracked_.front().quiet) {
    release(tracked_.front().obligation);
    tracked_.pop_front();
    --tracked_published_;
  }
}

void OutboundLink::track(const OutgoingMessage& message, const Obligation* obligation) {
  ++accepted_;
  if (obligation == nullptr) return;
  note_waiting(obligation->memory.get(), 1);
  Tracked tracked;
  tracked.serial = accepted_;
  tracked.obligation = *obligation;
  tracked.quiet = obligation->quiet();
  spilled_bytes_ += obligation->spill_bytes;
  spills_in_flight_ += obligation->spill != nullptr ? 1 : 0;
  objects_in_flight_ += obligation->objects != nullptr ? obligation->objects->handles.size() : 0;
  if (obligation->wants_handled) {
    tracked.copy.resize(record_bytes(message));
    write_record(message, tracked.copy.data());
  }
  tracked_.push_back(std::move(tracked));
}

void OutboundLink::untrack_last(const Obligation* obligation) {
  --accepted_;
  if (obligation == nullptr) return;
  note_waiting(obligation->memory.get(), -1);
  release(tracked_.back().obligation);
  tracked_.pop_back();
}

void OutboundLink::put(const OutgoingMessage& message, const Obligation* obligation) {
  track(message, obligation);
  drop_taken_quiet();
  // The receiver can make room only of what it sees.
  producer_.publish();
  if (!queue_.empty()) (void)flush_queue();
  if (!queue_.empty() || !publish_now(message, obligation)) {
    write_record(message, queue_.append(static_cast<std::uint32_t>(record_bytes(message))));
  }
  for (int looks = 1; !arm_wakes(); ++looks) {
    if (!producer_.refresh_head()) {
      // Nonsense, which the control thread finds, too.
      progress_due = true;
      return;
    }
    // The receiver is faster than we: what is waited for is there. Telling whom it concerns is the
    // control thread's work.
    if (!flush_queue() || looks == kMostLooks) {
      progress_due = true;
      return;
    }
  }
}

std::byte* OutboundLink::reserve_payload(std::size_t payload_bytes) noexcept {
  if (!queue_.empty() || reserved_) return nullptr;
  std::byte* place =
      producer_.reserve(static_cast<std::uint32_t>(sizeof(RecordHeader) + payload_bytes));
  if (place == nullptr) return nullptr;
  reserved_ = true;
  // Next in line from now on, whatever is accepted before it is committed.
  ++accepted_;
  return place + sizeof(RecordHeader);
}

void OutboundLink::commit_reserved(const PlainMessage& message, std::byte* payload) noexcept {
  const auto bytes = static_cast<std::uint32_t>(sizeof(RecordHeader) + message.payload.size());
  write_plain_header(message, payload - sizeof(RecordHeader));
  note_published(producer_.commit(bytes));
  producer_.publish();
  unrung_bytes += bytes;
  ++unrung_messages;
  end_reservation();
}

void OutboundLink::cancel_reserved() noexcept {
  abandon_reservation();
  end_reservation();
}

// Its message was next in line, and never comes: the next one is.
void OutboundLink::abandon_reservation() noexcept {
  if (std::exchange(reserved_, false)) ++published_;
}

// What came meanwhile goes on; the control thread sees to what does not.
void OutboundLink::end_reservation() noexcept {
  reserved_ = false;
  progress_due = progress_due || flush_queue() || !flushed();
}

// Whoever queued first asked to be woken when the ring has room; no need to look at it now.
bool OutboundLink::queue_behind(const PlainMessage& message) {
  const auto bytes = static_cast<std::uint32_t>(sizeof(RecordHeader) + message.payload.size());
  if (queue_.bytes() + bytes > queue_limit_ || !queue_.may_grow(bytes)) return false;
  ++accepted_;
  write_plain_record(message, queue_.append(bytes));
  return true;
}

bool OutboundLink::publish_now(const OutgoingMessage& message, const Obligation* obligation) {
  const auto bytes = static_cast<std::uint32_t>(record_bytes(message));
  if (reserved_) return false;
  // First the place: objects cannot be taken back once they are under way.
  std::byte* place = producer_.reserve(bytes);
  if (place == nullptr) return false;
  if (obligation != nullptr && !hand_over(*obligation, message.id)) return false;
  write_record(message, place);
  note_published(producer_.commit(bytes));
  producer_.publish();
  unrung_bytes += bytes;
  ++unrung_messages;
  return true;
}

bool OutboundLink::flush_queue() {
  bool moved = false;
  while (!queue_.empty() && publish_front()) moved = true;
  return moved;
}

bool OutboundLink::publish_front() {
  const std::span<const std::byte> record = queue_.front();
  const auto bytes = static_cast<std::uint32_t>(record.size());
  std::byte* place = reserved_ ? nullptr : producer_.reserve(bytes);
  if (place == nullptr) return false;
  if (const Tracked* tracked = next_tracked(); tracked != nullptr) {
    RecordHeader header;
    std::memcpy(static_cast<void*>(&header), record.data(), sizeof header);
    if (!hand_over(tracked->obligation, header.id)) return false;
  }
  std::memcpy(place, record.data(), bytes);
  note_published(producer_.commit(bytes));
  producer_.publish();
  queue_.pop_front();
  unrung_bytes += bytes;
  ++unrung_messages;
  return true;
}

OutboundLink::Tracked* OutboundLink::next_tracked() noexcept {
  if (tracked_published_ == tracked_.size()) return nullptr;
  Tracked& candidate = tracked_[tracked_published_];
  return candidate.serial == published_ + 1 ? &candidate : nullptr;
}

void OutboundLink::note_published(std::uint64_t position) noexcept {
  if (Tracked* tracked = next_tracked(); tracked != nullptr) {
    tracked->position = position;
    ++tracked_published_;
    loud_published_ += tracked->quiet ? 0 : 1;
    // Booked on the receiver now.
    if (!tracked->obligation.wants_handled) tracked->obligation.claim.reset();
  }
  ++published_;
}

bool OutboundLink::ring_if_asleep() noexcept {
  producer_.publish();
  unrung_messages = 0;
  unrung_bytes = 0;
  if (!producer_.must_ring()) return false;
  doorbell_->ring();
  return true;
}

bool OutboundLink::ring_if_seems_asleep() noexcept {
  if (producer_.seems_asleep()) return ring_if_asleep();
  unrung_messages = 0;
  unrung_bytes = 0;
  return false;
}

std::uint64_t OutboundLink::unread() noexcept {
  (void)producer_.refresh_head();
  return producer_.tail() - producer_.head() + queue_.bytes() + latest_.bytes() + spilled_bytes_;
}

bool OutboundLink::make_progress(const OnSettled& settled) {
  wants_retry_ = false;
  progress_due = false;
  repeat_lost_spill();
  for (int looks = 1;; ++looks) {
    if (!producer_.refresh_head()) return false;
    settle(settled);
    (void)flush_queue();
    flush_latest();
    if (arm_wakes()) break;
    if (looks == kMostLooks) {
      wants_retry_ = true;
      break;
    }
  }
  send_forgets();
  return true;
}

// Asks to be woken for the nearest thing waited for. False when that was reached meanwhile.
bool OutboundLink::arm_wakes() noexcept {
  std::uint64_t taken = kNoPosition;
  if (loud_published_ > 0) {
    taken = tracked_.front().position;
  } else if (tracked_published_ > 0 &&
             (quiet_armed_ || objects_wait_ || objects_in_flight_ > kMaxObjectsInFlight / 2)) {
    // Half of them: so that the sender can go on before the receiver has nothing left.
    taken = tracked_[(tracked_published_ - 1) / 2].position;
  }
  taken = std::min(taken, latest_.next_position(producer_.head(), kNoPosition));
  // With half the ring free, moving the queue on is worth a wake-up, and any record fits.
  // While somebody writes at the ring's end, room is of no use.
  const bool wants_room = !reserved_ && (!queue_.empty() || latest_.has_free(producer_.head()));
  if (wants_room && !wants_writable_ && !wants_retry_ &&
      producer_.tail() > producer_.capacity() / 2) {
    taken = std::min(taken, producer_.tail() - producer_.capacity() / 2);
  }
  if (taken < armed_taken_) {
    if (!producer_.wake_when_taken(taken)) return false;
    armed_taken_ = taken;
  }
  const std::uint64_t handled = unhandled_.empty() ? kNoPosition : unhandled_.front().position;
  if (handled < armed_handled_) {
    if (!producer_.wake_when_handled(handled)) return false;
    armed_handled_ = handled;
  }
  return true;
}

OutboundLink::Received OutboundLink::receive(std::size_t most) {
  Received result;
  for (; most > 0; --most) {
    auto datagram = channel_->receive();
    if (!datagram) {
      const Status status = datagram.status();
      // Anything but "nothing more" ends the link: the receiver's end is gone or not what we made.
      result.gone = result.gone || status != Status::WouldBlock;
      return result;
    }
    const auto frame = decode_link_frame(datagram.value().bytes);
    if (!frame) {
      result.gone = true;
      result.refused = Status::ProtocolViolation;
      return result;
    }
    if (frame->kind == LinkFrameKind::Attached) {
      on_attached();
      result.attached = true;
    } else if (frame->kind == LinkFrameKind::Wake) {
      armed_taken_ = kNoPosition;
      armed_handled_ = kNoPosition;
      quiet_armed_ = false;
      result.progress = true;
    } else if (frame->kind == LinkFrameKind::LostMemory) {
      on_lost_memory(frame->number, frame->bytes);
    } else if (frame->kind == LinkFrameKind::LostSpill) {
      // In a moment: what it lacked may be there then.
      lost_spill_ = frame->number;
      repeats_later_ = true;
    } else if (frame->kind == LinkFrameKind::Refused) {
      result.refused = static_cast<Status>(frame->number);
      result.gone = true;
      return result;
    }
  }
  return result;
}

}  // namespace busbar
