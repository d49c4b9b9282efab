// The outbox and its bounds.
#include "core/control/control_channel.h"

#include <utility>

namespace busbar {
namespace {

[[nodiscard]] std::vector<const Handle*> borrow(const std::vector<Handle>& handles) {
  std::vector<const Handle*> borrowed;
  borrowed.reserve(handles.size());
  for (const Handle& handle : handles) borrowed.push_back(&handle);
  return borrowed;
}

}  // namespace

Result<std::unique_ptr<ControlChannel>> ControlChannel::create(Reactor& reactor,
                                                               TokenSource& tokens,
                                                               std::unique_ptr<Channel> channel) {
  const std::uint64_t token = tokens.next();
  const Error watched = reactor.watch(*channel, token);
  if (!watched.ok()) return watched;
  return std::unique_ptr<ControlChannel>(new ControlChannel(reactor, token, std::move(channel)));
}

ControlChannel::ControlChannel(Reactor& reactor, std::uint64_t token,
                               std::unique_ptr<Channel> channel)
    : reactor_(reactor), token_(token), channel_(std::move(channel)) {}

ControlChannel::~ControlChannel() { reactor_.forget(token_); }

std::size_t ControlChannel::queued_handles_of(std::uint64_t sender) const noexcept {
  std::size_t count = 0;
  for (const Queued& each : outbox_) count += each.sender == sender ? each.handles.size() : 0;
  return count;
}

Error ControlChannel::send(const ControlFrame& frame, std::vector<Handle> handles,
                           std::uint64_t sender) {
  std::vector<std::byte> bytes = encode_frame(frame);
  if (outbox_.empty()) {
    const Error sent = channel_->send(bytes, borrow(handles));
    if (sent.status != Status::WouldBlock) return sent;
    reactor_.want_writable(token_);
  }
  if (outbox_.size() == kOutboxFrames) return {Status::LimitExceeded};
  queued_handles_ += handles.size();
  outbox_.push_back({std::move(bytes), std::move(handles), sender});
  return {};
}

Error ControlChannel::send_now(const ControlFrame& frame, std::span<const Handle* const> handles) {
  if (!outbox_.empty()) return {Status::WouldBlock};
  return channel_->send(encode_frame(frame), handles);
}

void ControlChannel::flush() {
  while (!outbox_.empty()) {
    Queued& first = outbox_.front();
    const Error sent = channel_->send(first.bytes, borrow(first.handles));
    if (sent.status == Status::WouldBlock) return reactor_.want_writable(token_);
    // Any other failure: receive() reports the end of the channel, and a frame that can never be
    // sent would only block the frames behind it.
    queued_handles_ -= first.handles.size();
    outbox_.pop_front();
  }
}

}  // namespace busbar
