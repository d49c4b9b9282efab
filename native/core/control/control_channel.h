// ControlChannel: a platform channel on a reactor, with a bounded outbox for frames that the other
// side is too slow to take. Used by members and by the controller. Knows nothing of what the frames
// mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "base/status.h"
#include "core/control/control_frame.h"
#include "platform/platform.h"

namespace busbar {

// Reactor tokens of one control thread. No token is used twice, so that a late readiness is never
// taken for that of a newer channel. The top byte belongs to the control plane; other users of the
// reactor have other top bytes.
class TokenSource {
 public:
  [[nodiscard]] std::uint64_t next() noexcept { return (kSpace << kSpaceShift) | ++last_; }
  // Whether `token` was made by a TokenSource.
  [[nodiscard]] static constexpr bool owns(std::uint64_t token) noexcept {
    return token >> kSpaceShift == kSpace;
  }

 private:
  static constexpr std::uint64_t kSpace = 1;
  static constexpr unsigned kSpaceShift = 56;
  std::uint64_t last_ = 0;
};

// Frames that may wait for one slow reader; with more, its channel is given up.
inline constexpr std::size_t kOutboxFrames = 64;

// On the reactor from create() to destruction.
class ControlChannel {
 public:
  [[nodiscard]] static Result<std::unique_ptr<ControlChannel>> create(
      Reactor& reactor, TokenSource& tokens, std::unique_ptr<Channel> channel);
  ~ControlChannel();
  ControlChannel(const ControlChannel&) = delete;
  ControlChannel& operator=(const ControlChannel&) = delete;

  // Sends now or keeps the frame until flush(). LimitExceeded: the outbox is full, and the frame
  // was not kept. PeerGone: for good. The handles are consumed in any case; queued_handles_of()
  // counts them for `sender`.
  [[nodiscard]] Error send(const ControlFrame& frame, std::vector<Handle> handles = {},
                           std::uint64_t sender = 0);
  // Sends now or not at all: WouldBlock. The handles stay the caller's.
  [[nodiscard]] Error send_now(const ControlFrame& frame, std::span<const Handle* const> handles);
  // To be called when the reactor reports writable.
  void flush();

  [[nodiscard]] Result<Datagram> receive() { return channel_->receive(); }
  [[nodiscard]] ProcessIdentity peer() const noexcept { return channel_->peer(); }
  [[nodiscard]] std::uint64_t token() const noexcept { return token_; }
  // Handles of the frames in the outbox.
  [[nodiscard]] std::size_t queued_handles() const noexcept { return queued_handles_; }
  [[nodiscard]] std::size_t queued_handles_of(std::uint64_t sender) const noexcept;

 private:
  ControlChannel(Reactor& reactor, std::uint64_t token, std::unique_ptr<Channel> channel);

  struct Queued {
    std::vector<std::byte> bytes;
    std::vector<Handle> handles;
    std::uint64_t sender = 0;
  };

  Reactor& reactor_;
  std::uint64_t token_;
  std::unique_ptr<Channel> channel_;
  std::deque<Queued> outbox_;
  std::size_t queued_handles_ = 0;
};

}  // namespace busbar
