// The receiving end of a link.
#include "core/link/inbound_link.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/link/link_frame.h"

namespace busbar {
namespace {

// Beyond it the sender is out of order: it made this end lose more than it may give.
constexpr std::size_t kMaxOwed = 1024;

void say_refused(Channel& channel, Status why) {
  (void)channel.send(encode({LinkFrameKind::Refused, static_cast<std::uint64_t>(why), 0}), {});
}

}  // namespace

void InboundLink::decline(Platform& platform, std::vector<Handle> handles, Status why) {
  if (handles.size() != 4) return;
  if (auto channel = platform.adopt_channel(std::move(handles[3])); channel)
    say_refused(*channel.value(), why);
}

Result<std::unique_ptr<InboundLink>> InboundLink::attach(
    Platform& platform, RegionTable& regions, DoorbellSet& bells, std::uint32_t slot,
    std::uint64_t peer_id, std::uint32_t peer_pid, std::uint64_t link_id, std::uint64_t ring_bytes,
    std::vector<Handle> handles, LinkHoldings holdings, std::shared_ptr<TurnAllowance> turn) {
  if (handles.size() != 4 || !std::has_single_bit(ring_bytes) || ring_bytes < kMinRingBytes ||
      ring_bytes > kMaxRingBytes) {
    return Status::ProtocolViolation;
  }
  auto channel = platform.adopt_channel(std::move(handles[3]));
  if (!channel) return channel.error();
  // For want of something here the introduction will be repeated.
  const auto refuse = [&channel](Error why) {
    if (why.status == Status::ProtocolViolation) say_refused(*channel.value(), why.status);
    return why;
  };
  auto ring =
      platform.adopt_memory(std::move(handles[0]), kRingHeaderBytes + ring_bytes, Access::ReadOnly);
  if (!ring) return refuse(ring.error());
  auto consumer =
      platform.adopt_memory(std::move(handles[1]), kConsumerSegmentBytes, Access::ReadWrite);
  if (!consumer) return refuse(consumer.error());
  RingConsumer probe(ring.value()->data(), consumer.value()->data(), ring_bytes);
  if (!probe.verify(link_id)) return refuse({Status::ProtocolViolation});
  if (const Error added = bells.add(std::move(handles[2]), slot); !added.ok()) return refuse(added);
  // An introduction that was repeated for a new controller, and comes after its link was read to
  // the end: what it has to give was taken. Or so late that its sender has sent it to others.
  if (!probe.attach()) {
    bells.remove(slot);
    return Status::Closed;
  }
  ring.value()->stop_sharing();
  consumer.value()->stop_sharing();
  std::unique_ptr<InboundLink> link(
      new InboundLink(regions, ring.take(), consumer.take(), channel.take(), slot, peer_id,
                      peer_pid, link_id, ring_bytes, std::move(holdings), std::move(turn)));
  link->tell({LinkFrameKind::Attached, 0, 0});
  return link;
}

InboundLink::InboundLink(RegionTable& regions, std::unique_ptr<SharedMemory> ring,
                         std::unique_ptr<SharedMemory> consumer, std::unique_ptr<Channel> channel,
                         std::uint32_t slot, std::uint64_t peer_id, std::uint32_t peer_pid,
                         std::uint64_t link_id, std::uint64_t ring_bytes, LinkHoldings holdings,
                         std::shared_ptr<TurnAllowance> turn)
    : region_table_(regions),
      slot_(slot),
      peer_id_(peer_id),
      peer_pid_(peer_pid),
      link_id_(link_id),
      ring_memory_(std::move(ring)),
      consumer_memory_(std::move(consumer)),
      channel_(std::move(channel)),
      consumer_(ring_memory_->data(), consumer_memory_->data(), ring_bytes),
      holdings_(std::move(holdings)),
      turn_(std::move(turn)) {}

void InboundLink::release(std::uint64_t position) {
  taken_ = position;
  if (!landings_.empty()) land_released();
  bool wake = publish_settled();
  if (!acknowledgements_.holds_taken()) wake = consumer_.release(position) || wake;
  if (wake) tell({LinkFrameKind::Wake, 0, 0});
}

void InboundLink::settle(std::uint64_t position, Status status) {
  acknowledgements_.settle(consumer_, position, status);
}

void InboundLink::tell_settled() {
  if (publish_settled()) tell({LinkFrameKind::Wake, 0, 0});
}

// True when the sender is to be woken for it.
bool InboundLink::publish_settled() {
  const bool news = acknowledgements_.take_news();
  const auto handled = acknowledgements_.take_handled();
  return (handled && consumer_.release_handled(*handled)) || news;
}

void InboundLink::tell(const LinkFrame& frame) {
  if (sender_gone_) return;
  const bool wake = frame.kind == LinkFrameKind::Wake;
  if (owed_.empty()) {
    const Status sent = channel_->send(encode(frame), {}).status;
    // A channel that is full of unread wakes needs no further one.
    const bool said = sent == Status::Ok || (wake && sent == Status::WouldBlock);
    if (said || sent == Status::PeerGone) return;
  }
  // Lost memory is counted; anything else is said as well by saying it once.
  const bool enough = frame.kind != LinkFrameKind::LostMemory &&
                      std::any_of(owed_.begin(), owed_.end(), [&frame](const LinkFrame& owed) {
                        return owed.kind == frame.kind && owed.number == frame.number;
                      });
  if (!enough && owed_.size() < kMaxOwed) owed_.push_back(frame);
}

void InboundLink::repeat_owed() {
  if (acknowledgements_.owes()) {
    acknowledgements_.flush(consumer_);
    release(taken_);
  }
  for (const LinkFrame& frame : std::exchange(owed_, {})) tell(frame);
}

void InboundLink::refuse(Status why) { say_refused(*channel_, why); }

Status InboundLink::receive(Platform& platform, Take take, std::size_t most) {
  for (; most > 0 && (turn_ == nullptr || turn_->take()); --most) {
    auto datagram = (*channel_.*take)();
    if (!datagram) {
      if (datagram.status() == Status::WouldBlock) return Status::Ok;
      if (datagram.status() == Status::PeerGone) {
        sender_gone_ = true;
        return Status::PeerGone;
      }
      if (datagram.status() != Status::OutOfDescriptors) return datagram.status();
      // The program that takes their message learns it.
      lost_handles_ = true;
      continue;
    }
    if (!accept(platform, datagram.take())) return Status::ProtocolViolation;
  }
  return Status::WouldBlock;
}

bool InboundLink::has_all(const Extensions& extensions, std::uint64_t message_id,
                          std::size_t object_count) const noexcept {
  if (extensions.spill && find_spill(extensions.spill->spill_id) == nullptr) return false;
  for (std::size_t i = 0; i < extensions.region_count(); ++i) {
    if (memory(extensions.region(i).region_id) == nullptr) return false;
  }
  return object_count == 0 ||
         std::any_of(pending_objects_.begin(), pending_objects_.end(),
                     [&](const PendingObjects& each) { return each.message_id == message_id; });
}

// What is not here was sent before the record, so it is on the channel or nowhere.
Status InboundLink::gather(Platform& platform, const Extensions& extensions,
                           std::uint64_t message_id, std::size_t object_count) {
  if (has_all(extensions, message_id, object_count)) return Status::Ok;
  return receive(platform, &Channel::receive_sent, TurnAllowance::kFrames);
}

bool InboundLink::accept(Platform& platform, Datagram datagram) {
  const auto frame = decode_link_frame(datagram.bytes);
  if (!frame) return false;
  if (frame->kind == LinkFrameKind::Spill) {
    if (datagram.handles.size() != 1) return false;
    return add_spill(platform, frame->number, frame->bytes, std::move(datagram.handles[0]));
  }
  if (frame->kind == LinkFrameKind::Objects)
    return add_objects(frame->number, frame->bytes, std::move(datagram.handles));
  if (frame->kind == LinkFrameKind::MemoryRegion)
    return add_memory(frame->number, frame->bytes, std::move(datagram.handles));
  if (frame->kind == LinkFrameKind::ForgetMemory) {
    forget_memory(frame->number);
    return datagram.handles.empty();
  }
  if (frame->kind != LinkFrameKind::ForgetSpill || !datagram.handles.empty()) return false;
  const auto found = std::find_if(spills_.begin(), spills_.end(), [&](const MappedSpill& spill) {
    return spill.id == frame->number;
  });
  // Perhaps it was lost on its way.
  if (found == spills_.end()) return true;
  const std::uint64_t size = found->memory->size();
  spill_bytes_ -= size;
  holdings_.subtract({0, 1, size});
  spills_.erase(found);
  return true;
}

bool InboundLink::add_spill(Platform& platform, std::uint64_t id, std::uint64_t bytes,
                            Handle handle) {
  // Asked for once more while it was under way.
  if (find_spill(id) != nullptr) return true;
  if (spills_.size() >= kMaxSpills || bytes > kMaxSpillBytes ||
      spill_bytes_ + bytes > kMaxSpillBytes)
    return false;
  if (!holdings_.add({0, 1, bytes})) {
    lost_handles_ = true;
    return true;
  }
  auto memory = platform.adopt_memory(std::move(handle), bytes, Access::ReadOnly);
  if (!memory) {
    holdings_.subtract({0, 1, bytes});
    // A want of this process is not the sender's fault: asked for again when it is needed.
    if (memory.status() == Status::ProtocolViolation) return false;
    lost_handles_ = true;
    return true;
  }
  memory.value()->stop_sharing();
  spill_bytes_ += bytes;
  spills_.push_back({id, memory.take()});
  return true;
}

bool InboundLink::add_objects(std::uint64_t message_id, std::uint64_t count,
                              std::vector<Handle> handles) {
  if (count == 0 || handles.size() != count || pending_handles_ + count > kMaxPendingObjects)
    return false;
  if (!holdings_.add({count, 0, 0})) {
    // The program that takes the message learns that they got lost.
    lost_handles_ = true;
    return true;
  }
  pending_handles_ += count;
  pending_objects_.push_back({message_id, std::move(handles)});
  return true;
}

std::optional<std::vector<Handle>> InboundLink::take_objects(std::uint64_t id, std::size_t count) {
  const auto found =
      std::find_if(pending_objects_.begin(), pending_objects_.end(),
                   [id](const PendingObjects& each) { return each.message_id == id; });
  if (found == pending_objects_.end()) return std::nullopt;
  std::vector<Handle> handles = std::move(found->handles);
  pending_handles_ -= handles.size();
  holdings_.subtract({handles.size(), 0, 0});
  pending_objects_.erase(found);
  if (handles.size() != count) return std::nullopt;
  return handles;
}

const InboundLink::MappedSpill* InboundLink::find_spill(std::uint64_t id) const noexcept {
  if (last_spill_ < spills_.size() && spills_[last_spill_].id == id) return &spills_[last_spill_];
  for (std::size_t i = 0; i < spills_.size(); ++i) {
    if (spills_[i].id != id) continue;
    last_spill_ = i;
    return &spills_[i];
  }
  return nullptr;
}

std::shared_ptr<SharedMemory> InboundLink::spilled_memory(
    const SpillReference& reference) const noexcept {
  const MappedSpill* found = find_spill(reference.spill_id);
  return found == nullptr ? nullptr : found->memory;
}

bool InboundLink::ask_again(const SpillReference& reference) {
  if (!lost_handles_ || sender_gone_ || find_spill(reference.spill_id) != nullptr) return false;
  tell({LinkFrameKind::LostSpill, reference.spill_id, 0});
  return true;
}

std::span<const std::byte> InboundLink::spilled(const SpillReference& reference) const noexcept {
  const MappedSpill* found = find_spill(reference.spill_id);
  if (found == nullptr || reference.bytes == 0) return {};
  const std::uint64_t size = found->memory->size();
  if (reference.offset > size || reference.bytes > size - reference.offset) return {};
  return {found->memory->data() + reference.offset, reference.bytes};
}

}  // namespace busbar
