// Channel: small ordered datagrams with handles between two endpoints. Carries membership and
// handles, no messages. Every call returns at once; readiness is told by the Reactor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "platform/handle.h"
#include "platform/process_identity.h"

namespace busbar {

// The largest datagram a Channel carries, in bytes. Fits every platform's default buffers many
// times over.
inline constexpr std::size_t kMaxDatagramBytes = 8192;
// The most handles in one datagram (Linux: SCM_MAX_FD).
inline constexpr std::size_t kMaxDatagramHandles = 253;

struct Datagram {
  std::vector<std::byte> bytes;
  std::vector<Handle> handles;
};

// send and receive may be called from different threads, each from one at a time.
class Channel {
 public:
  virtual ~Channel() = default;
  // Ok: the kernel has taken all of it. WouldBlock: nothing was sent, wait for writable. PeerGone:
  // for good. The handles stay the caller's. Other errors leave the channel usable.
  [[nodiscard]] virtual Error send(std::span<const std::byte> bytes,
                                   std::span<const Handle* const> handles) = 0;
  // The next datagram; WouldBlock when there is none, PeerGone at the end. A datagram whose handles
  // the kernel had to drop (this process is at its limit) gives OutOfDescriptors and is gone, its
  // other handles closed.
  [[nodiscard]] virtual Result<Datagram> receive() = 0;
  // As receive(), but WouldBlock is certain: what send() had taken before this call is found, where
  // the system brings it on its own time, too. Not for every turn: it may cost more and wake the
  // reactor in vain.
  [[nodiscard]] virtual Result<Datagram> receive_sent() { return receive(); }
  // A second handle on this end, for somebody who is to send by it, too.
  [[nodiscard]] virtual Result<Handle> share() const = 0;
  // Who was at the other end when the channel was made, as the kernel knows it.
  [[nodiscard]] virtual ProcessIdentity peer() const noexcept = 0;
};

struct ChannelPair {
  std::unique_ptr<Channel> mine;
  // To be handed to a peer, which makes a channel of it with Platform::adopt_channel. What `mine`
  // sends before that is either kept for it, or refused with WouldBlock until it is adopted.
  Handle theirs;
};

}  // namespace busbar
