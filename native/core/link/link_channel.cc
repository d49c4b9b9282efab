// Frames from the sending end of a link to its receiver.
#include "core/link/link_channel.h"

namespace busbar {

bool LinkChannel::send(const LinkFrame& frame, std::span<const Handle* const> handles) {
  const Error sent = channel_->send(encode(frame), handles);
  if (sent.ok()) return true;
  if (sent.status == Status::WouldBlock) wants_writable_ = true;
  // The reactor reports PeerGone, too; the messages are orphans then.
  if (sent.status != Status::WouldBlock && sent.status != Status::PeerGone) wants_retry_ = true;
  return false;
}

bool LinkChannel::flush() {
  std::size_t sent = 0;
  while (sent < queued_.size() && send(queued_[sent])) ++sent;
  queued_.erase(queued_.begin(), queued_.begin() + static_cast<std::ptrdiff_t>(sent));
  return queued_.empty();
}

}  // namespace busbar
