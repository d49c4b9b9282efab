// A Receiver on the loopback platform, and peers whose links the test writes by hand.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/endpoint/receiver.h"
#include "core/link/link_frame.h"
#include "core/ring/ring_producer.h"
#include "loopback/loopback_world.h"

namespace busbar::test {

inline constexpr std::uint32_t kPeerPid = 11;
inline constexpr std::uint32_t kOwnPid = 12;

// A link of a peer that writes into the channel by itself.
struct HandMade {
  std::unique_ptr<SharedMemory> ring;
  std::unique_ptr<SharedMemory> segment;
  std::unique_ptr<Doorbell> bell;
  std::unique_ptr<Channel> channel;
  std::unique_ptr<RingProducer> producer;

  bool say(const LinkFrame& frame, std::span<const Handle* const> handles = {}) {
    return channel->send(encode(frame), handles).ok();
  }
  // Fills the channel with empty frames; returns how many fitted.
  std::size_t flood(std::size_t most = 1000) {
    std::size_t said = 0;
    while (said < most && say({LinkFrameKind::ForgetSpill, 1, 0})) ++said;
    return said;
  }
};

struct Crowd {
  LoopbackWorld world;
  Platform& peer = world.start_process(kPeerPid);
  Platform& own = world.start_process(kOwnPid);
  RegionTable regions{own};
  std::unique_ptr<DoorbellSet> bells = own.create_doorbell_set().take();
  std::vector<Violation> violations;
  std::vector<std::unique_ptr<InboundLink>> closed;
  Receiver receiver{
      own,
      regions,
      *bells,
      1U << 20U,
      4096,
      {[](InboundLink&) {},
       [this](std::unique_ptr<InboundLink> link) { closed.push_back(std::move(link)); },
       [this](const Violation& violation) { violations.push_back(violation); }, [] {}}};
  std::uint64_t next_link = 1;

  std::vector<Handle> made(HandMade& link) {
    link.ring = peer.create_memory(kRingHeaderBytes + kMinRingBytes, Access::ReadOnly).take();
    link.segment = peer.create_memory(kConsumerSegmentBytes, Access::ReadWrite).take();
    link.bell = peer.create_doorbell().take();
    auto pair = peer.create_channel_pair(kOwnPid).take();
    link.channel = std::move(pair.mine);
    link.producer = std::make_unique<RingProducer>(link.ring->data(), link.segment->data(),
                                                   kMinRingBytes, next_link);
    std::vector<Handle> handles;
    handles.push_back(link.ring->share().take());
    handles.push_back(link.segment->share().take());
    handles.push_back(link.bell->share().take());
    handles.push_back(std::move(pair.theirs));
    return carried(handles);
  }

  // Sends handles from the peer's process to ours.
  std::vector<Handle> carried(const std::vector<Handle>& handles) {
    auto pair = peer.create_channel_pair(kOwnPid).take();
    auto theirs = own.adopt_channel(std::move(pair.theirs)).take();
    std::vector<const Handle*> pointers;
    pointers.reserve(handles.size());
    for (const Handle& handle : handles) pointers.push_back(&handle);
    const std::byte byte{1};
    (void)pair.mine->send({&byte, 1}, pointers);
    return std::move(theirs->receive().take().handles);
  }

  Result<InboundLink*> attach(HandMade& link, std::uint64_t peer_id = 101) {
    Member from;
    from.id = peer_id;
    from.pid = kPeerPid;
    auto handles = made(link);
    return receiver.attach(from, next_link++, kMinRingBytes, std::move(handles));
  }
};

}  // namespace busbar::test
