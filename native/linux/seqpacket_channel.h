// Channel on a connected AF_UNIX SOCK_SEQPACKET socket: the kernel keeps datagrams whole and in
// order, carries descriptors (SCM_RIGHTS) and knows the process at the other end (SO_PEERCRED).
#pragma once

#include <memory>

#include "base/status.h"
#include "platform/channel.h"
#include "platform/handle.h"

namespace busbar::linux_platform {

// The class behind every Channel of this folder; the reactor polls its socket.
class SeqpacketChannel final : public Channel {
 public:
  SeqpacketChannel(Handle socket, ProcessIdentity peer) noexcept;

  // Errors of the system call:
  //   InvalidArgument   0 bytes: the receiver takes an empty datagram for the end of the peer
  //   TooLarge          above kMaxDatagramBytes, kMaxDatagramHandles or the socket's buffer
  //   WouldBlock        the buffer is full: wait for writable
  //   OutOfDescriptors  (ETOOMANYREFS) this user has too many descriptors in flight. Not
  //   WouldBlock:
  //                     the socket stays writable, so waiting for writable would spin. Retry after
  //                     something was received.
  //   OutOfMemory       (ENOBUFS, ENOMEM)
  //   PeerGone          (EPIPE, ECONNRESET) for good; what it sent before can still be received
  [[nodiscard]] Error send(std::span<const std::byte> bytes,
                           std::span<const Handle* const> handles) override;
  // ProtocolViolation for a datagram larger than kMaxDatagramBytes, which is dropped whole. An
  // empty datagram, which no Channel sends, counts as the end of the peer.
  [[nodiscard]] Result<Datagram> receive() override;
  [[nodiscard]] Result<Handle> share() const override;
  [[nodiscard]] ProcessIdentity peer() const noexcept override { return peer_; }

  [[nodiscard]] int borrow_socket() const noexcept;

 private:
  Handle socket_;
  ProcessIdentity peer_;
};

// peer() of both ends is the process that made the pair, wherever the ends are sent later.
[[nodiscard]] Result<ChannelPair> create_seqpacket_pair();

// ProtocolViolation unless `handle` is a connected socket of this kind. peer() is the process that
// made the pair (or that connected), not the process that sent the handle.
[[nodiscard]] Result<std::unique_ptr<Channel>> adopt_seqpacket_channel(Handle handle);

// The peer of any AF_UNIX stream or seqpacket socket, as the kernel recorded it at connect or
// listen.
[[nodiscard]] Result<ProcessIdentity> peer_credentials(int socket);

// ProtocolViolation unless `fd` is an AF_UNIX SOCK_SEQPACKET socket that does not listen.
[[nodiscard]] Error verify_seqpacket_socket(int fd);

}  // namespace busbar::linux_platform
