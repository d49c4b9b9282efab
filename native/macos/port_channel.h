// Channel on two ports: each end receives on one and has a right to send to the other.
//
// Of a pair, only `mine` exists at first. `theirs` is two send rights: to the port on which `mine`
// receives, and to its port for greetings. The process that adopts `theirs` makes a port and sends
// a greeting with a right to send there. Until then every send fails with WouldBlock, so no
// datagram lies in a queue that may never be read: unlike a receive right, `theirs` can be copied
// and handed over again.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/status.h"
#include "macos/mach_message.h"
#include "macos/port_right.h"
#include "platform/channel.h"

namespace busbar::macos_platform {

class PortChannel final : public Channel {
 public:
  // `greetings`: for the maker of a pair. `origin`: the handle that was adopted.
  PortChannel(ReceiveRight data, SendRight to, ReceiveRight greetings, Handle origin,
              ProcessIdentity peer) noexcept;

  // Errors:
  //   InvalidArgument   0 bytes, or an empty handle
  //   TooLarge          above kMaxDatagramBytes or kMaxDatagramHandles
  //   WouldBlock        the other end's queue is full, or nobody has adopted the other end, or its
  //                     adopter closed it: wait for writable
  //   PeerGone          for good; what it sent before can still be received
  [[nodiscard]] Error send(std::span<const std::byte> bytes,
                           std::span<const Handle* const> handles) override;
  [[nodiscard]] Result<Datagram> receive() override;
  // Unsupported while the other end is unknown.
  [[nodiscard]] Result<Handle> share() const override;
  // A visitor gets the holder's pid from the name, not from the kernel, which reports senders and
  // not receivers.
  [[nodiscard]] ProcessIdentity peer() const noexcept override { return peer_; }

  [[nodiscard]] mach_port_t borrow_port() const noexcept { return data_.name(); }
  [[nodiscard]] mach_port_t borrow_greetings() const noexcept { return greetings_.name(); }
  // The port it sends to; MACH_PORT_NULL before a greeting.
  [[nodiscard]] mach_port_t borrow_destination() const noexcept;
  // Takes a greeting if one has come.
  void greet() const noexcept;

 private:
  void look_for_greeting() const noexcept;
  [[nodiscard]] Result<Datagram> datagram_of(ReceivedMessage message) const;
  void end() noexcept;

  ReceiveRight data_;
  ReceiveRight greetings_;
  Handle origin_;
  ProcessIdentity peer_;
  // The other end; send() and the reactor look for it.
  mutable std::mutex mutex_;
  mutable SendRight to_;
  std::atomic<bool> ended_{false};
};

[[nodiscard]] Result<ChannelPair> create_port_pair();
// ProtocolViolation unless `handle` is a channel's end.
[[nodiscard]] Result<std::unique_ptr<Channel>> adopt_port_channel(Handle handle);

// The visitor's side. WouldBlock: the door's queue is full. PeerGone: no process receives there.
[[nodiscard]] Result<std::unique_ptr<Channel>> visit(const SendRight& door, ProcessIdentity holder);
// The holder's side. ProtocolViolation when the message is not a visit.
[[nodiscard]] Result<std::unique_ptr<Channel>> welcome(ReceivedMessage visit);

}  // namespace busbar::macos_platform
