// Channel, Listener and Rendezvous of the loopback kernel: two ends with an inbox each, and names
// that lead to queues of ends. Every effect is immediate; nothing waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "loopback/loopback_object.h"
#include "platform/channel.h"
#include "platform/rendezvous.h"

namespace busbar::loopback {

// One end. `peer` has expired once the other end is closed.
class ChannelEnd final : public Object {
 public:
  static constexpr Kind kKind = Kind::ChannelEnd;
  struct Letter {
    std::vector<std::byte> bytes;
    std::vector<std::shared_ptr<Object>> objects;
  };

  explicit ChannelEnd(ProcessIdentity peer) noexcept : Object(kKind), peer_identity(peer) {}

  [[nodiscard]] bool is_readable() const noexcept { return !inbox.empty() || is_ended(); }
  [[nodiscard]] bool is_ended() const noexcept { return peer.expired(); }
  [[nodiscard]] bool is_writable() const noexcept;

  std::deque<Letter> inbox;
  std::weak_ptr<ChannelEnd> peer;
  ProcessIdentity peer_identity;
};

class NameBellObject final : public Object {
 public:
  static constexpr Kind kKind = Kind::NameBell;
  NameBellObject() noexcept : Object(kKind) {}

  bool rung = false;
};

class ListenerObject final : public Object {
 public:
  static constexpr Kind kKind = Kind::Listener;
  ListenerObject(ProcessIdentity owner, std::uint64_t number) noexcept
      : Object(kKind), holder(owner), holder_number(number) {}

  std::deque<std::shared_ptr<ChannelEnd>> waiting;
  // Connecting peers see this process.
  ProcessIdentity holder;
  // The value of Rendezvous::holder().
  std::uint64_t holder_number;
  std::shared_ptr<NameBellObject> bell = std::make_shared<NameBellObject>();
};

class LoopbackChannel final : public Channel {
 public:
  LoopbackChannel(const Process& process, Handle end, ProcessIdentity peer) noexcept;
  // WouldBlock once the peer has 64 datagrams unread.
  [[nodiscard]] Error send(std::span<const std::byte> bytes,
                           std::span<const Handle* const> handles) override;
  [[nodiscard]] Result<Datagram> receive() override;
  [[nodiscard]] Result<Handle> share() const override;
  [[nodiscard]] ProcessIdentity peer() const noexcept override { return peer_; }
  [[nodiscard]] const Handle& end() const noexcept { return end_; }

 private:
  const Process& process_;
  Handle end_;
  ProcessIdentity peer_;
};

class LoopbackListener final : public Listener {
 public:
  LoopbackListener(const Process& process, Handle listener, std::string_view identifier);
  [[nodiscard]] Result<std::unique_ptr<Channel>> accept() override;
  [[nodiscard]] Result<Handle> share() const override;
  [[nodiscard]] std::uint64_t begin_generation(std::uint64_t at_least) noexcept override;
  [[nodiscard]] bool holds_name() const noexcept override;
  void release_name(bool bus_ended) noexcept override;
  [[nodiscard]] const Handle& listener() const noexcept { return listener_; }

 private:
  const Process& process_;
  Handle listener_;
  std::string identifier_;
};

class LoopbackNameBell final : public NameBell {
 public:
  explicit LoopbackNameBell(Handle bell) noexcept : bell_(std::move(bell)) {}
  void ring() noexcept override;
  [[nodiscard]] bool is_rung() const noexcept override;
  [[nodiscard]] bool is_same(const NameBell& other) const noexcept override;
  void quiet() noexcept override;
  [[nodiscard]] const Handle& bell() const noexcept { return bell_; }

 private:
  Handle bell_;
};

[[nodiscard]] Result<ChannelPair> create_loopback_pair(const Process& process);
[[nodiscard]] Result<std::unique_ptr<Channel>> adopt_loopback_channel(const Process& process,
                                                                      const Handle& handle);
[[nodiscard]] std::unique_ptr<Rendezvous> open_loopback_rendezvous(const Process& process,
                                                                   std::string_view identifier);

}  // namespace busbar::loopback
