// The receiving end of a link.
#include "core/link/inbound_link.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/link/link_frame.h"

namespace busbar {
namespace {

// More of them break the protocol: the sender made this end lose more than it may give.
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
  // If this process lacks something, the introduction will be repeated.
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
    : slot_(slot),
      peer_id_(peer_id),
      peer_pid_(peer_pid),
      link_id_(link_id),
      ring_memory_(std::move(ring)),
      consumer_memory_(std::move(consumer)),
      channel_(std::move(channel)),
      consumer_(ring_memory_->data(), consumer_memory_->data(), ring_bytes),
      holdings_(std::move(holdings)),
      turn_(std::move(turn)),
      spills_(holdings_),
      regions_(regions, holdings_, {peer_id, link_id}),
      objects_(holdings_) {}

InboundLink::~InboundLink() {
  // First the channel: a sender that leaves references to us finds out that we did not see them.
  channel_.reset();
  regions_.end_flights();
}

void InboundLink::release(std::uint64_t position) {
  taken_ = position;
  regions_.land(taken_);
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

Status InboundLink::receive(Platform& platform, std::size_t most) {
  read_objects_only_ = true;
  for (; may_read(most); --most) {
    const Status status = receive_one(platform, &Channel::receive);
    if (status == Status::WouldBlock) return Status::Ok;
    if (status != Status::Ok) return status;
  }
  return Status::WouldBlock;
}

// Ok: one frame was read; WouldBlock: there is none.
Status InboundLink::receive_one(Platform& platform, Take take) {
  auto datagram = (*channel_.*take)();
  if (datagram) return accept(platform, datagram.take()) ? Status::Ok : Status::ProtocolViolation;
  if (datagram.status() == Status::PeerGone) sender_gone_ = true;
  if (datagram.status() != Status::OutOfDescriptors) return datagram.status();
  // The program that takes their message learns it.
  lost_handles_ = true;
  return Status::Ok;
}

bool InboundLink::has_all(const Extensions& extensions, std::uint64_t message_id,
                          std::size_t object_count) const noexcept {
  if (extensions.spill && !spills_.has(extensions.spill->spill_id)) return false;
  for (std::size_t i = 0; i < extensions.region_count(); ++i) {
    if (regions_.find(extensions.region(i).region_id) == nullptr) return false;
  }
  return object_count == 0 || objects_.has(message_id);
}

// Attachments are sent before their record: those not here are on the channel or nowhere.
Status InboundLink::gather(Platform& platform, const Extensions& extensions,
                           std::uint64_t message_id, std::size_t object_count) {
  for (std::size_t most = TurnAllowance::kFrames; !has_all(extensions, message_id, object_count);
       --most) {
    if (!may_read(most)) return Status::WouldBlock;
    const Status status = receive_one(platform, &Channel::receive_sent);
    if (status == Status::WouldBlock) return Status::Ok;
    if (status != Status::Ok) return status;
  }
  return Status::Ok;
}

bool InboundLink::accept(Platform& platform, Datagram datagram) {
  const auto frame = decode_link_frame(datagram.bytes);
  if (!frame) return false;
  std::vector<Handle>& handles = datagram.handles;
  const bool objects =
      frame->kind == LinkFrameKind::Objects || frame->kind == LinkFrameKind::ObjectsOfSeveral;
  read_objects_only_ = read_objects_only_ && objects;
  switch (frame->kind) {
    case LinkFrameKind::Spill:
      return handles.size() == 1 &&
             kept(spills_.add(platform, frame->number, frame->bytes, std::move(handles[0])));
    case LinkFrameKind::Objects:
      return kept(objects_.add(frame->number, frame->bytes, std::move(handles)));
    case LinkFrameKind::ObjectsOfSeveral:
      return kept(objects_.add(frame->shares, std::move(handles)));
    case LinkFrameKind::MemoryRegion:
      return kept(regions_.add(frame->number, frame->bytes, std::move(handles)));
    case LinkFrameKind::ForgetSpill:
      spills_.forget(frame->number);
      return handles.empty();
    case LinkFrameKind::ForgetMemory:
      regions_.forget(frame->number);
      return handles.empty();
    default:
      return false;
  }
}

// False when the link ends for it.
bool InboundLink::kept(Arrival arrival) noexcept {
  if (arrival == Arrival::Lost) lost_handles_ = true;
  return arrival != Arrival::Broken;
}

bool InboundLink::ask_again(const SpillReference& reference) {
  if (!lost_handles_ || sender_gone_ || spills_.has(reference.spill_id)) return false;
  tell({LinkFrameKind::LostSpill, reference.spill_id, 0});
  return true;
}

Status InboundLink::take_regions(const Extensions& extensions, std::vector<RegionReference>& out) {
  const std::size_t count = extensions.region_count();
  const std::size_t before = out.size();
  for (std::size_t i = 0; i < count; ++i) {
    const RegionMention mention = extensions.region(i);
    const auto* region = regions_.find(mention.region_id);
    if (region == nullptr) continue;
    const std::uint64_t size = (*region)->size();
    if (mention.bytes == 0 || mention.offset > size || mention.bytes > size - mention.offset)
      return Status::ProtocolViolation;
    regions_.hold(*region, consumer_.end_of_peeked());
    out.emplace_back(*region, mention.offset, mention.bytes);
  }
  if (out.size() - before == count) return Status::Ok;
  if (!lost_handles_) return Status::ProtocolViolation;
  tell_lost(extensions);
  while (out.size() > before) out.pop_back();
  return Status::OutOfDescriptors;
}

void InboundLink::tell_lost(const Extensions& extensions) {
  for (std::size_t i = 0; i < extensions.region_count(); ++i) {
    const std::uint64_t id = extensions.region(i).region_id;
    if (regions_.find(id) == nullptr) tell({LinkFrameKind::LostMemory, id, 1});
  }
}

}  // namespace busbar
