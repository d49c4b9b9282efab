// Ends and their inboxes.
#include "loopback/loopback_channel.h"

#include <utility>

namespace busbar::loopback {
namespace {

// Small, so that simulations soon meet a full channel.
constexpr std::size_t kInboxDatagrams = 64;

}  // namespace

bool ChannelEnd::is_writable() const noexcept {
  const std::shared_ptr<ChannelEnd> other = peer.lock();
  return !other || other->inbox.size() < kInboxDatagrams;
}

LoopbackChannel::LoopbackChannel(const Process& process, Handle end, ProcessIdentity peer) noexcept
    : process_(process), end_(std::move(end)), peer_(peer) {}

Result<Handle> LoopbackChannel::share() const {
  std::shared_ptr<Object> object = find_object(end_);
  if (!object) return Status::Closed;
  return open_object(process_, std::move(object));
}

Error LoopbackChannel::send(std::span<const std::byte> bytes,
                            std::span<const Handle* const> handles) {
  const std::shared_ptr<ChannelEnd> end = find<ChannelEnd>(end_);
  if (!end) return {Status::Closed};
  if (bytes.empty()) return {Status::InvalidArgument};
  if (bytes.size() > kMaxDatagramBytes || handles.size() > kMaxDatagramHandles) {
    return {Status::TooLarge};
  }
  ChannelEnd::Letter letter{{bytes.begin(), bytes.end()}, {}};
  for (const Handle* handle : handles) {
    std::shared_ptr<Object> object = handle == nullptr ? nullptr : find_object(*handle);
    if (!object) return {Status::InvalidArgument};
    letter.objects.push_back(std::move(object));
  }
  const std::shared_ptr<ChannelEnd> other = end->peer.lock();
  if (!other) return {Status::PeerGone};
  if (!end->is_writable()) return {Status::WouldBlock};
  other->inbox.push_back(std::move(letter));
  return {};
}

Result<Datagram> LoopbackChannel::receive() {
  const std::shared_ptr<ChannelEnd> end = find<ChannelEnd>(end_);
  if (!end) return Status::Closed;
  if (end->inbox.empty()) return end->peer.expired() ? Status::PeerGone : Status::WouldBlock;
  ChannelEnd::Letter letter = std::move(end->inbox.front());
  end->inbox.pop_front();
  Datagram datagram{std::move(letter.bytes), {}};
  for (std::shared_ptr<Object>& object : letter.objects) {
    datagram.handles.push_back(open_object(process_, std::move(object)));
  }
  return datagram;
}

Result<ChannelPair> create_loopback_pair(const Process& process) {
  const auto mine = std::make_shared<ChannelEnd>(process.identity);
  const auto theirs = std::make_shared<ChannelEnd>(process.identity);
  mine->peer = theirs;
  theirs->peer = mine;
  return ChannelPair{
      std::make_unique<LoopbackChannel>(process, open_object(process, mine), process.identity),
      open_object(process, theirs)};
}

Result<std::unique_ptr<Channel>> adopt_loopback_channel(const Process& process,
                                                        const Handle& handle) {
  const std::shared_ptr<ChannelEnd> end = find<ChannelEnd>(handle);
  if (!end) return Status::ProtocolViolation;
  return std::unique_ptr<Channel>(
      std::make_unique<LoopbackChannel>(process, open_object(process, end), end->peer_identity));
}

}  // namespace busbar::loopback
