// LinkChannel: the channel beside the ring at the sending end of a link. Keeps the frames that did
// not fit and remembers what the next try waits for. Every call with the endpoint's lock held.
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "core/link/link_frame.h"
#include "platform/platform.h"

namespace busbar {

class LinkChannel {
 public:
  explicit LinkChannel(std::unique_ptr<Channel> channel) noexcept : channel_(std::move(channel)) {}

  [[nodiscard]] const Channel& channel() const noexcept { return *channel_; }
  [[nodiscard]] Result<Datagram> receive() { return channel_->receive(); }

  // False when the frame cannot be sent now: wants_writable() or wants_retry() says when to try
  // again.
  [[nodiscard]] bool send(const LinkFrame& frame, std::span<const Handle* const> handles = {});
  // Appends a frame without handles to those that flush() sends.
  void queue(const LinkFrame& frame) { queued_.push_back(frame); }
  // Sends the queued frames in their order; true when none is left.
  bool flush();

  // A frame waits for the channel to be writable.
  [[nodiscard]] bool wants_writable() const noexcept { return wants_writable_; }
  void clear_wants_writable() noexcept { wants_writable_ = false; }
  // Something failed because a resource ran out (descriptors, say): to be tried again in a while.
  [[nodiscard]] bool wants_retry() const noexcept { return wants_retry_; }
  void retry_later() noexcept { wants_retry_ = true; }
  void clear_wants_retry() noexcept { wants_retry_ = false; }

 private:
  std::unique_ptr<Channel> channel_;
  std::vector<LinkFrame> queued_;
  bool wants_writable_ = false;
  bool wants_retry_ = false;
};

}  // namespace busbar
