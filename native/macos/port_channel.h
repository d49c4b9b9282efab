// Channel on two ports: each end receives on one and has a right to send to the other's.
//
// Of a pair, only `mine` exists at first. `theirs` is two rights to send: to where `mine` receives,
// and to where it is greeted. Whoever adopts that makes a port and greets with a right to send
// there. Until then nothing can be sent (WouldBlock), so nothing is in a queue that may never be
// read: unlike a right to receive, `theirs` can be copied and handed over again.
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
  // `greetings`: of the maker of a pair. `origin`: the handle that was adopted.
  PortChannel(ReceiveRight data, SendRight to, ReceiveRight greetings, Handle origin,
              ProcessIdentity peer) noexcept;

  // Refusals:
  //   InvalidArgument   0 bytes, or a handle that holds nothing
  //   TooLarge          above kMaxDatagramBytes or kMaxDatagramHandles
  //   WouldBlock        the other end's queue is full, or nobody has adopted it (or who did gave it
  //                     up): wait for writable
  //   PeerGone          for good; what it sent before can still be received
  [[nodiscard]] Error send(std::span<const std::byte> bytes,
                           std::span<const Handle* const> handles) override;
  [[nodiscard]] Result<Datagram> receive() override;
  // Unsupported before the other end is known.
  [[nodiscard]] Result<Handle> share() const override;
  // The pid of a holder, seen by its visitor, is what stands beside the name: the kernel tells who
  // sends, not who receives.
  [[nodiscard]] ProcessIdentity peer() const noexcept override { return peer_; }

  [[nodiscard]] mach_port_t borrow_port() const noexcept { return data_.name(); }
  [[nodiscard]] mach_port_t borrow_greetings() const noexcept { return greetings_.name(); }
  // Where it sends; MACH_PORT_NULL while nobody has greeted.
  [[nodiscard]] mach_port_t borrow_destination() const noexcept;
  // Looks whether somebody has greeted.
  void greet() const noexcept;

 private:
  void look_for_greeting() const noexcept;
  [[nodiscard]] Result<Datagram> datagram_of(ReceivedMessage message) const;
  void end() noexcept;

  ReceiveRight data_;
  ReceiveRight greetings_;
  Handle origin_;
  ProcessIdentity peer_;
  // The other end, which send() and the reactor look for.
  mutable std::mutex mutex_;
  mutable SendRight to_;
  std::atomic<bool> ended_{false};
};

[[nodiscard]] Result<ChannelPair> create_port_pair();
// ProtocolViolation unless it is a channel's end.
[[nodiscard]] Result<std::unique_ptr<Channel>> adopt_port_channel(Handle handle);

// The visitor's side. WouldBlock: the door is crowded. PeerGone: there is nobody behind it.
[[nodiscard]] Result<std::unique_ptr<Channel>> visit(const SendRight& door, ProcessIdentity holder);
// The holder's. ProtocolViolation when it is not what a visitor sends.
[[nodiscard]] Result<std::unique_ptr<Channel>> welcome(ReceivedMessage visit);

}  // namespace busbar::macos_platform
