// Channel: small ordered datagrams with handles between two endpoints. Carries membership and
// handles, no messages. No call blocks; the Reactor reports readiness.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/limits.h"
#include "base/status.h"
#include "platform/handle.h"
#include "platform/process_identity.h"

namespace busbar {

// The largest datagram a Channel carries, in bytes. Fits every platform's default buffers many
// times over.
inline constexpr std::size_t kMaxDatagramBytes = 8192;
// The most handles in one datagram.
inline constexpr std::size_t kMaxDatagramHandles = kMaxObjects;

struct Datagram {
  std::vector<std::byte> bytes;
  std::vector<Handle> handles;
};

// One thread at a time may send and one receive; they may be two different threads.
class Channel {
 public:
  virtual ~Channel() = default;
  // Returns Ok when the kernel took the whole datagram; WouldBlock when nothing was sent: wait for
  // writable; PeerGone when the peer is gone for good. The caller keeps the handles. Other errors
  // leave the channel usable.
  [[nodiscard]] virtual Error send(std::span<const std::byte> bytes,
                                   std::span<const Handle* const> handles) = 0;
  // Returns the next datagram; WouldBlock when there is none, PeerGone at the end. OutOfDescriptors
  // when the kernel dropped handles of a datagram because this process is at its limit: that
  // datagram is lost, and its other handles are closed.
  [[nodiscard]] virtual Result<Datagram> receive() = 0;
  // As receive(), but finds every datagram that a send() took before this call, also on systems
  // that deliver later. Not for every turn: it may cost more and wake the reactor without need.
  [[nodiscard]] virtual Result<Datagram> receive_sent() { return receive(); }
  // A second handle on this end, for another process that will send through it.
  [[nodiscard]] virtual Result<Handle> share() const = 0;
  // The process at the other end when the channel was made, as the kernel reports it.
  [[nodiscard]] virtual ProcessIdentity peer() const noexcept = 0;
};

struct ChannelPair {
  std::unique_ptr<Channel> mine;
  // For a peer, which turns it into a channel with Platform::adopt_channel. Until then, a datagram
  // that `mine` sends is either kept or refused with WouldBlock.
  Handle theirs;
};

}  // namespace busbar
