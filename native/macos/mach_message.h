// Mach messages of this folder: a number that says what it is, bytes, and rights to ports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "macos/port_right.h"
#include "platform/process_identity.h"

namespace busbar::macos_platform {

// Fits the largest datagram with the most handles, of which a channel's end takes two rights.
inline constexpr std::size_t kMaxMessageBytes = 9216;
inline constexpr std::size_t kMaxMessageRights = 512;

enum MessageId : mach_msg_id_t {
  // Of a channel.
  kDatagram = 0x42550001,
  // To the maker of a channel, from who adopted its other end: where to send.
  kGreeting = 0x42550002,
  // To a door: a right to receive what the visitor sends, and one to send to it.
  kVisit = 0x42550003,
  // To the maker of a doorbell, from who listens to it: what to ring.
  kListen = 0x42550004,
  kRing = 0x42550005,
  // To one's own port, so that it stays ready.
  kReminder = 0x42550006,
};

// A right that goes out. Copied or made: it stays the sender's. Moved: gone once the message is.
struct OutgoingRight {
  mach_port_t name = MACH_PORT_NULL;
  mach_msg_type_name_t disposition = MACH_MSG_TYPE_COPY_SEND;
};

struct ReceivedRight {
  SendRight send;
  ReceiveRight receive;
};

struct ReceivedMessage {
  mach_msg_id_t id = 0;
  bool is_from_kernel = false;
  // As the kernel knows it.
  ProcessIdentity sender;
  std::vector<std::byte> bytes;
  std::vector<ReceivedRight> rights;
  // Of a notification about a port: its name.
  mach_port_t about = MACH_PORT_NULL;
};

// Never waits. On failure, the rights are the caller's as before; the name of one that was to move
// may have changed. WouldBlock: the queue is full. PeerGone: nobody will ever receive it.
[[nodiscard]] Error send_message(OutgoingRight to, mach_msg_id_t id,
                                 std::span<const std::byte> bytes, std::span<OutgoingRight> rights);
// A message of nothing but its number.
[[nodiscard]] Error send_signal(OutgoingRight to, mach_msg_id_t id) noexcept;

// Never waits: WouldBlock when there is none. ProtocolViolation: it was no message of this folder
// or too large. OutOfDescriptors: this task has no room for its rights. It is gone either way, with
// its rights.
[[nodiscard]] Result<ReceivedMessage> receive_message(mach_port_t port);

}  // namespace busbar::macos_platform
