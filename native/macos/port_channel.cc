// Datagrams as messages, greetings, visits.
#include "macos/port_channel.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "macos/handle_rights.h"
#include "macos/mach_object.h"

namespace busbar::macos_platform {
namespace {

// How many datagrams can wait in a queue.
constexpr mach_port_msgcount_t kQueue = 128;
constexpr mach_port_msgcount_t kGreetingQueue = 8;
// How many meaningless messages one call skips.
constexpr int kMaxStray = 64;

struct Receiving {
  ReceiveRight port;
  // For the other end.
  SendRight send;
};

Result<Receiving> create_receiving(mach_port_msgcount_t limit) {
  auto port = create_port(limit);
  if (!port) return port.error();
  auto send = make_send(port.value());
  if (!send) return send.error();
  return Receiving{port.take(), send.take()};
}

ProcessIdentity self() noexcept {
  return {static_cast<std::uint32_t>(::getpid()), static_cast<std::uint64_t>(::geteuid())};
}

}  // namespace

PortChannel::PortChannel(ReceiveRight data, SendRight to, ReceiveRight greetings, Handle origin,
                         ProcessIdentity peer) noexcept
    : data_(std::move(data)),
      greetings_(std::move(greetings)),
      origin_(std::move(origin)),
      peer_(peer),
      to_(std::move(to)) {}

// The first greeting counts: while one adopter exists, the maker of the pair ignores others, to
// which the end was handed over again.
void PortChannel::look_for_greeting() const noexcept {
  if (!greetings_.valid()) return;
  for (int i = 0; i < kMaxStray && !to_.valid(); ++i) {
    auto message = receive_message(greetings_.name());
    if (!message) {
      if (message.status() == Status::WouldBlock) return;
      continue;
    }
    auto& rights = message.value().rights;
    if (message.value().id == kGreeting && rights.size() == 1) to_ = std::move(rights[0].send);
  }
}

void PortChannel::greet() const noexcept {
  const std::lock_guard guard(mutex_);
  if (!to_.valid()) look_for_greeting();
}

mach_port_t PortChannel::borrow_destination() const noexcept {
  const std::lock_guard guard(mutex_);
  return to_.name();
}

Error PortChannel::send(std::span<const std::byte> bytes, std::span<const Handle* const> handles) {
  if (bytes.empty()) return {Status::InvalidArgument};
  if (bytes.size() > kMaxDatagramBytes || handles.size() > kMaxDatagramHandles)
    return {Status::TooLarge};
  for (const Handle* handle : handles) {
    if (handle == nullptr || !handle->valid()) return {Status::InvalidArgument};
  }
  if (ended_) return {Status::PeerGone};
  const std::lock_guard guard(mutex_);
  if (!to_.valid()) look_for_greeting();
  if (!to_.valid()) return {Status::WouldBlock};
  OutgoingHandles outgoing;
  Error error;
  for (const Handle* handle : handles) {
    error = outgoing.add(*handle);
    if (!error.ok()) break;
  }
  if (error.ok()) {
    std::vector<std::byte> content;
    content.reserve(1 + outgoing.kinds().size() + bytes.size());
    content.push_back(static_cast<std::byte>(outgoing.kinds().size()));
    content.insert(content.end(), outgoing.kinds().begin(), outgoing.kinds().end());
    content.insert(content.end(), bytes.begin(), bytes.end());
    error =
        send_message({to_.name(), MACH_MSG_TYPE_COPY_SEND}, kDatagram, content, outgoing.rights());
  }
  outgoing.settle(error.ok());
  if (error.status == Status::PeerGone && greetings_.valid()) {
    // The adopter of the other end has closed it; the end may be handed over again. receive()
    // reports the end when no process has it any more.
    to_.reset();
    return {Status::WouldBlock, error.os_code};
  }
  return error;
}

Result<Datagram> PortChannel::receive() {
  if (ended_) return Status::PeerGone;
  for (int i = 0; i < kMaxStray; ++i) {
    auto message = receive_message(data_.name());
    if (!message) return message.error();
    if (message.value().is_from_kernel && message.value().id == MACH_NOTIFY_NO_SENDERS) {
      end();
      return Status::PeerGone;
    }
    if (message.value().id == kDatagram) return datagram_of(message.take());
  }
  return Status::ProtocolViolation;
}

Result<Datagram> PortChannel::datagram_of(ReceivedMessage message) const {
  const std::span<const std::byte> content(message.bytes);
  if (content.empty()) return Status::ProtocolViolation;
  const auto count = static_cast<std::size_t>(content[0]);
  if (count > kMaxDatagramHandles || content.size() <= 1 + count ||
      content.size() - 1 - count > kMaxDatagramBytes) {
    return Status::ProtocolViolation;
  }
  auto handles = take_handles(std::move(message.rights), content.subspan(1, count));
  if (!handles) return handles.error();
  const auto bytes = content.subspan(1 + count);
  return Datagram{{bytes.begin(), bytes.end()}, handles.take()};
}

// The notification comes once, but a caller that watches for readiness must see the end every time.
void PortChannel::end() noexcept {
  ended_ = true;
  (void)send_signal({data_.name(), MACH_MSG_TYPE_MAKE_SEND_ONCE}, kReminder);
}

Result<Handle> PortChannel::share() const {
  if (origin_.valid()) return duplicate_handle(origin_);
  const std::lock_guard guard(mutex_);
  if (!to_.valid()) return Status::Unsupported;
  auto to = copy_send(to_);
  if (!to) return to.error();
  return own_object(Kind::ChannelEnd, to.take());
}

Result<ChannelPair> create_port_pair() {
  auto data = create_receiving(kQueue);
  if (!data) return data.error();
  auto greetings = create_receiving(kGreetingQueue);
  if (!greetings) return greetings.error();
  if (const Error error = tell_of_no_senders(data.value().port); !error.ok()) return error;
  auto theirs =
      own_object(Kind::ChannelEnd, std::move(data.value().send), std::move(greetings.value().send));
  if (!theirs) return theirs.error();
  return ChannelPair{
      std::make_unique<PortChannel>(std::move(data.value().port), SendRight(),
                                    std::move(greetings.value().port), Handle(), self()),
      theirs.take()};
}

Result<std::unique_ptr<Channel>> adopt_port_channel(Handle handle) {
  if (!handle.valid()) return Status::InvalidArgument;
  const MachObject* end = object_in(handle, Kind::ChannelEnd);
  if (end == nullptr) return Status::ProtocolViolation;
  auto to = copy_send(end->first);
  if (!to) return to.error();
  auto data = create_receiving(kQueue);
  if (!data) return data.error();
  if (const Error error = tell_of_no_senders(data.value().port); !error.ok()) return error;
  std::array<OutgoingRight, 1> back{{{data.value().send.name(), MACH_MSG_TYPE_COPY_SEND}}};
  // A greeting that fails is ignored: either the other end is gone, which receive() reports, or its
  // queue of greetings is full, and then it does not want ours.
  if (end->second.valid()) {
    (void)send_message({end->second.name(), MACH_MSG_TYPE_COPY_SEND}, kGreeting, {}, back);
  }
  return std::unique_ptr<Channel>(
      std::make_unique<PortChannel>(std::move(data.value().port), to.take(), ReceiveRight(),
                                    std::move(handle), ProcessIdentity{0, self().user}));
}

Result<std::unique_ptr<Channel>> visit(const SendRight& door, ProcessIdentity holder) {
  auto ours = create_receiving(kQueue);
  if (!ours) return ours.error();
  if (const Error error = tell_of_no_senders(ours.value().port); !error.ok()) return error;
  auto theirs = create_receiving(kQueue);
  if (!theirs) return theirs.error();
  std::array<OutgoingRight, 2> rights{{{theirs.value().port.take(), MACH_MSG_TYPE_MOVE_RECEIVE},
                                       {ours.value().send.name(), MACH_MSG_TYPE_COPY_SEND}}};
  const Error error = send_message({door.name(), MACH_MSG_TYPE_COPY_SEND}, kVisit, {}, rights);
  if (!error.ok()) {
    theirs.value().port = ReceiveRight(rights[0].name);
    return error;
  }
  return std::unique_ptr<Channel>(std::make_unique<PortChannel>(std::move(ours.value().port),
                                                                std::move(theirs.value().send),
                                                                ReceiveRight(), Handle(), holder));
}

Result<std::unique_ptr<Channel>> welcome(ReceivedMessage visit) {
  if (visit.id != kVisit || visit.rights.size() != 2 || !visit.rights[0].receive.valid() ||
      visit.rights[1].receive.valid()) {
    return Status::ProtocolViolation;
  }
  ReceiveRight& port = visit.rights[0].receive;
  if (const Error error = limit_queue(port, kQueue); !error.ok()) return error;
  if (const Error error = tell_of_no_senders(port); !error.ok()) return error;
  return std::unique_ptr<Channel>(std::make_unique<PortChannel>(
      std::move(port), std::move(visit.rights[1].send), ReceiveRight(), Handle(), visit.sender));
}

}  // namespace busbar::macos_platform
