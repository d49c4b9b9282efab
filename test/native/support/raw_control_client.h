// A connection to a bus that sends whatever the test wants: for messages that no member would send.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/control/control_frame.h"
#include "core/control/handshake.h"
#include "platform/platform.h"

namespace busbar::test {

class RawControlClient {
 public:
  explicit RawControlClient(Platform& platform, std::string token = "",
                            std::string identifier = "test.bus")
      : platform_(platform), secret_{std::move(identifier), std::move(token)} {
    auto rendezvous = platform.open_rendezvous(secret_.identifier).take();
    if (auto connected = rendezvous->connect()) channel_ = connected.take();
  }
  // The controller's side, for a test that acts as the controller.
  RawControlClient(Platform& platform, std::unique_ptr<Channel> channel)
      : platform_(platform), secret_{"test.bus", ""}, channel_(std::move(channel)) {}

  void send(const ControlFrame& frame, const std::vector<Handle>& handles = {}) {
    send_bytes(encode_frame(frame), handles);
  }
  void send_with(const ControlFrame& frame, const Handle& handle) {
    const Handle* const borrowed[] = {&handle};
    (void)channel_->send(encode_frame(frame), borrowed);
  }
  void send_bytes(const std::vector<std::byte>& bytes, const std::vector<Handle>& handles = {}) {
    std::vector<const Handle*> borrowed;
    borrowed.reserve(handles.size());
    for (const Handle& handle : handles) borrowed.push_back(&handle);
    (void)channel_->send(bytes, borrowed);
  }

  [[nodiscard]] bool connected() const noexcept { return channel_ != nullptr; }

  // The next frame if it has type F; nullopt when it has another type or there is none.
  template <typename F>
  std::optional<F> receive() {
    auto datagram = channel_->receive();
    if (!datagram) return std::nullopt;
    handles = std::move(datagram.value().handles);
    auto frame = decode_frame(datagram.value().bytes, handles.size());
    if (!frame || !std::holds_alternative<F>(frame.value())) return std::nullopt;
    return std::get<F>(frame.value());
  }
  [[nodiscard]] bool closed() { return channel_->receive().status() == Status::PeerGone; }

  void hello() {
    nonces.member = draw_nonce(platform_).take();
    send(HelloFrame{.nonce = nonces.member});
  }
  // Call after the controller has answered hello().
  bool challenged() {
    const auto challenge = receive<ChallengeFrame>();
    if (challenge) nonces.controller = challenge->nonce;
    return challenge && challenge->proof == controller_proof(secret_, nonces);
  }
  AnnounceFrame announcement(std::uint64_t instance, std::uint64_t previous_id = 0) {
    return {.proof = member_proof(secret_, nonces),
            .controller_affinity = true,
            .instance = instance,
            .previous_id = previous_id,
            .label = {}};
  }
  // The controller's half.
  void challenge(const HelloFrame& hello) {
    nonces = {hello.nonce, draw_nonce(platform_).take()};
    send(ChallengeFrame{kControlVersion, nonces.controller, controller_proof(secret_, nonces)});
  }

  NoncePair nonces;
  // The handles of the last received frame.
  std::vector<Handle> handles;

 private:
  Platform& platform_;
  BusSecret secret_;
  std::unique_ptr<Channel> channel_;
};

}  // namespace busbar::test
