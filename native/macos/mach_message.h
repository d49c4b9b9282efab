// Mach messages of this folder: a message id, bytes, and port rights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"
#include "macos/port_right.h"
#include "platform/process_identity.h"

namespace busbar::macos_platform {

// Fits the largest datagram with the most handles; a channel's end takes two rights.
inline constexpr std::size_t kMaxMessageBytes = 9216;
inline constexpr std::size_t kMaxMessageRights = 512;

enum MessageId : mach_msg_id_t {
  // A datagram of a channel.
  kDatagram = 0x42550001,
  // From the process that adopted a channel's other end, to the maker of the channel: a right to
  // send to the adopter.
  kGreeting = 0x42550002,
  // To a door: a right to receive what the visitor sends, and a right to send to the visitor.
  kVisit = 0x42550003,
  // From the listener of a doorbell to its ringer: a right to the port to ring.
  kListen = 0x42550004,
  kRing = 0x42550005,
  // To one's own port, so that the port stays ready.
  kReminder = 0x42550006,
};

// A right to be sent. Copied or made: the sender keeps its own. Moved: the sender loses it.
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
  // The sender, as reported by the kernel.
  ProcessIdentity sender;
  std::vector<std::byte> bytes;
  std::vector<ReceivedRight> rights;
  // The name of the port that a notification is about.
  mach_port_t about = MACH_PORT_NULL;
};

// Never waits. On failure the caller keeps the rights; a right that was to move may have a new
// name. WouldBlock: the queue is full. PeerGone: the port is dead.
[[nodiscard]] Error send_message(OutgoingRight to, mach_msg_id_t id,
                                 std::span<const std::byte> bytes, std::span<OutgoingRight> rights);
// Sends a message of nothing but its id.
[[nodiscard]] Error send_signal(OutgoingRight to, mach_msg_id_t id) noexcept;

// Never waits. WouldBlock when there is no message. ProtocolViolation when it is too large or not a
// message of this folder; OutOfDescriptors when this task has no room for its rights. In both cases
// the message is lost, with its rights.
[[nodiscard]] Result<ReceivedMessage> receive_message(mach_port_t port);

}  // namespace busbar::macos_platform
