// The life of the sending end of a link: created, attached, rung, woken, hung up.
#include "core/link/outbound_link.h"

#include <algorithm>
#include <utility>

namespace busbar {
namespace {

// A position that we ask to be woken for may be reached already, and the next one, too. A receiver
// that writes its positions back and forth could keep us at it: after this number of looks the
// rest is done later.
constexpr int kMaxProgressLooks = 64;
// More frames than a receiver that follows the protocol may have sent unread: than a channel holds.
constexpr std::size_t kMaxLastFrames = 1024;

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
    : peer_id_(peer_id),
      peer_pid_(peer_pid),
      link_id_(link_id),
      queue_limit_(room.queue_bytes),
      ring_memory_(std::move(parts.ring_memory)),
      consumer_memory_(std::move(parts.consumer_memory)),
      doorbell_(std::move(parts.doorbell)),
      introduction_(std::move(parts.introduction)),
      producer_(ring_memory_->data(), consumer_memory_->data(), room.ring_bytes, link_id),
      queue_(room.queued),
      latest_(room.queued),
      channel_(std::move(parts.channel)),
      obligations_(producer_, room.queue_bytes),
      spills_(channel_, obligations_),
      flights_(platform, channel_, {self_id, link_id}, peer_pid) {}

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

bool OutboundLink::ring_if_asleep() noexcept {
  send_gathered();
  producer_.publish();
  unrung_messages_ = 0;
  unrung_bytes_ = 0;
  if (!producer_.must_ring()) return false;
  doorbell_->ring();
  return true;
}

bool OutboundLink::ring_if_seems_asleep() noexcept {
  if (producer_.seems_asleep()) return ring_if_asleep();
  unrung_messages_ = 0;
  unrung_bytes_ = 0;
  return false;
}

bool OutboundLink::end_turn(std::uint32_t cpu) noexcept {
  const bool gathered = gathered_ != 0;
  put_this_turn_ = 0;
  producer_.set_cpu(cpu);
  (void)ring_if_asleep();
  return gathered;
}

std::uint64_t OutboundLink::unread() noexcept {
  (void)producer_.refresh_head();
  obligations_.drop_taken_quiet(1);
  return producer_.tail() - producer_.head() + queue_.bytes() + latest_.bytes() +
         obligations_.spilled_bytes();
}

bool OutboundLink::make_progress(const OnSettled& settled) {
  channel_.clear_wants_retry();
  progress_due_ = false;
  spills_.repeat_lost();
  for (int looks = 1;; ++looks) {
    if (!producer_.refresh_head()) return false;
    copies_full_ = copies_full_ && producer_.tail() - producer_.head() > producer_.capacity() / 2;
    obligations_.settle(settled);
    (void)flush_queue();
    flush_latest();
    if (arm_wakes()) break;
    if (looks == kMaxProgressLooks) {
      channel_.retry_later();
      break;
    }
  }
  (void)channel_.flush();
  return true;
}

bool OutboundLink::arm_wakes() noexcept {
  std::uint64_t taken = latest_.next_position(producer_.head(), kNoPosition);
  // With half the ring free, moving the queue on is worth a wake-up, and any record fits.
  // While somebody writes at the ring's end, room is of no use.
  const bool wants_room =
      copies_full_ || (!reserved_ && (!queue_.empty() || latest_.has_free(producer_.head())));
  if (wants_room && !channel_.wants_writable() && !channel_.wants_retry() &&
      producer_.tail() > producer_.capacity() / 2) {
    taken = std::min(taken, producer_.tail() - producer_.capacity() / 2);
  }
  return obligations_.arm(taken);
}

OutboundLink::Received OutboundLink::receive(std::size_t max_frames) {
  Received result;
  for (; max_frames > 0; --max_frames) {
    auto datagram = channel_.receive();
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
      obligations_.on_wake();
      result.progress = true;
    } else if (frame->kind == LinkFrameKind::LostMemory) {
      flights_.on_lost(frame->number, frame->bytes);
    } else if (frame->kind == LinkFrameKind::LostSpill) {
      spills_.on_lost(frame->number);
    } else if (frame->kind == LinkFrameKind::Refused) {
      result.refused = static_cast<Status>(frame->number);
      result.gone = true;
      return result;
    }
  }
  return result;
}

void OutboundLink::hang_up() {
  flights_.leave();
  // A receiver that hung up before it could see that these references are its own now will not
  // count them. One that can still see that does.
  if (receive(kMaxLastFrames).gone) flights_.close();
  flights_.clear();
}

}  // namespace busbar
