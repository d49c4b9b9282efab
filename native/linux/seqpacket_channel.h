// Channel on a connected AF_UNIX SOCK_SEQPACKET socket: the kernel keeps datagrams whole and in
// order, carries descriptors (SCM_RIGHTS) and knows who is at the other end (SO_PEERCRED).
#pragma once

#include <memory>

#include "base/status.h"
#include "platform/channel.h"
#include "platform/handle.h"

namespace busbar::linux_platform {

// What the channels of this folder are beneath; the reactor polls it.
class SeqpacketChannel final : public Channel {
 public:
  SeqpacketChannel(Handle socket, ProcessIdentity peer) noexcept;

  // Refusals, told apart at the system call:
  //   InvalidArgument   0 bytes: the other end could not tell them from our end
  //   TooLarge          above kMaxDatagramBytes, kMaxDatagramHandles or the socket's buffer
  //   WouldBlock        the buffer is full: wait for writable
  //   OutOfDescriptors  (ETOOMANYREFS) too many descriptors of this user are under way at once. Not
  //                     WouldBlock, because the socket is writable all the while and waiting for
  //                     that would spin. Try again after something was received.
  //   OutOfMemory       (ENOBUFS, ENOMEM)
  //   PeerGone          (EPIPE, ECONNRESET) for good; what it sent before can still be received
  [[nodiscard]] Error send(std::span<const std::byte> bytes,
                           std::span<const Handle* const> handles) override;
  // ProtocolViolation: larger than kMaxDatagramBytes, all of it dropped. An empty datagram, which
  // no Channel sends, is taken for the peer's end.
  [[nodiscard]] Result<Datagram> receive() override;
  [[nodiscard]] Result<Handle> share() const override;
  [[nodiscard]] ProcessIdentity peer() const noexcept override { return peer_; }

  [[nodiscard]] int borrow_socket() const noexcept;

 private:
  Handle socket_;
  ProcessIdentity peer_;
};

// peer() of both ends is whoever made the pair, wherever they are handed to afterwards.
[[nodiscard]] Result<ChannelPair> create_seqpacket_pair();

// ProtocolViolation unless it is a connected socket of this kind. peer() is the process that made
// the pair (or the two that connected), not the one that handed it over.
[[nodiscard]] Result<std::unique_ptr<Channel>> adopt_seqpacket_channel(Handle handle);

// Of whatever AF_UNIX stream or seqpacket socket, as the kernel noted it at connect or listen.
[[nodiscard]] Result<ProcessIdentity> peer_credentials(int socket);

// ProtocolViolation unless `fd` is an AF_UNIX SOCK_SEQPACKET socket that does not listen.
[[nodiscard]] Error verify_seqpacket_socket(int fd);

}  // namespace busbar::linux_platform
