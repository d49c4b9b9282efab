// mach_msg.
//
//   header | body, rights (none: left out) | number of bytes | bytes | padding | trailer (received)
#include "macos/mach_message.h"

#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

#include "macos/mach_error.h"

namespace busbar::macos_platform {
namespace {

constexpr std::size_t kRoom = sizeof(mach_msg_header_t) + sizeof(mach_msg_body_t) +
                              kMaxMessageRights * sizeof(mach_msg_port_descriptor_t) +
                              sizeof(std::uint32_t) + kMaxMessageBytes +
                              sizeof(mach_msg_max_trailer_t);

struct Buffer {
  alignas(8) std::array<std::byte, kRoom> bytes;

  [[nodiscard]] mach_msg_header_t* header() noexcept {
    return reinterpret_cast<mach_msg_header_t*>(bytes.data());
  }
};

constexpr std::size_t padded(std::size_t size) noexcept { return (size + 3) & ~std::size_t{3}; }

// Appends one part after another.
class Writer {
 public:
  explicit Writer(Buffer& buffer) noexcept : buffer_(buffer) {}

  void put(const void* from, std::size_t size) noexcept {
    if (size > 0) std::memcpy(buffer_.bytes.data() + size_, from, size);
    size_ += size;
  }
  void pad() noexcept {
    const std::size_t before = std::exchange(size_, padded(size_));
    std::memset(buffer_.bytes.data() + before, 0, size_ - before);
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  Buffer& buffer_;
  std::size_t size_ = 0;
};

void write_message(Buffer& buffer, OutgoingRight to, mach_msg_id_t id,
                   std::span<const std::byte> bytes, std::span<const OutgoingRight> rights) {
  mach_msg_header_t header{};
  header.msgh_bits = MACH_MSGH_BITS(to.disposition, 0);
  if (!rights.empty()) header.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
  header.msgh_remote_port = to.name;
  header.msgh_id = id;
  Writer writer(buffer);
  writer.put(&header, sizeof header);
  if (!rights.empty()) {
    const mach_msg_body_t body{static_cast<mach_msg_size_t>(rights.size())};
    writer.put(&body, sizeof body);
    for (const OutgoingRight& right : rights) {
      mach_msg_port_descriptor_t descriptor{};
      descriptor.name = right.name;
      descriptor.disposition = right.disposition & 0xFFU;
      descriptor.type = MACH_MSG_PORT_DESCRIPTOR;
      writer.put(&descriptor, sizeof descriptor);
    }
  }
  const auto size = static_cast<std::uint32_t>(bytes.size());
  writer.put(&size, sizeof size);
  writer.put(bytes.data(), bytes.size());
  writer.pad();
  buffer.header()->msgh_size = static_cast<mach_msg_size_t>(writer.size());
}

mach_msg_port_descriptor_t descriptor_at(const Buffer& buffer, std::size_t index) noexcept {
  mach_msg_port_descriptor_t descriptor{};
  std::memcpy(&descriptor,
              buffer.bytes.data() + sizeof(mach_msg_header_t) + sizeof(mach_msg_body_t) +
                  index * sizeof descriptor,
              sizeof descriptor);
  return descriptor;
}

void set_descriptor(Buffer& buffer, std::size_t index,
                    const mach_msg_port_descriptor_t& descriptor) noexcept {
  std::memcpy(buffer.bytes.data() + sizeof(mach_msg_header_t) + sizeof(mach_msg_body_t) +
                  index * sizeof descriptor,
              &descriptor, sizeof descriptor);
}

// The kernel returns a message that did not fit the queue as if it had been received, with rights
// of its own. Rights that were to move belong to the caller again, perhaps under new names.
void take_back(Buffer& buffer, std::span<OutgoingRight> rights) noexcept {
  for (std::size_t i = 0; i < rights.size(); ++i) {
    if (rights[i].disposition != MACH_MSG_TYPE_MOVE_RECEIVE) continue;
    mach_msg_port_descriptor_t descriptor = descriptor_at(buffer, i);
    rights[i].name = std::exchange(descriptor.name, MACH_PORT_NULL);
    set_descriptor(buffer, i, descriptor);
  }
  mach_msg_destroy(buffer.header());
}

// The parts of a received message, each checked against its length.
class Parts {
 public:
  explicit Parts(Buffer& buffer) noexcept : buffer_(buffer) {}

  [[nodiscard]] bool read(ReceivedMessage& message) {
    const mach_msg_header_t& header = *buffer_.header();
    if (header.msgh_size < sizeof header || header.msgh_size > kRoom) return false;
    at_ = sizeof header;
    end_ = header.msgh_size;
    return read_rights(message) && read_bytes(message);
  }

 private:
  [[nodiscard]] bool get(void* to, std::size_t size) noexcept {
    if (size > end_ - at_) return false;
    std::memcpy(to, buffer_.bytes.data() + at_, size);
    at_ += size;
    return true;
  }

  [[nodiscard]] bool read_rights(ReceivedMessage& message) {
    if ((buffer_.header()->msgh_bits & MACH_MSGH_BITS_COMPLEX) == 0) return true;
    mach_msg_body_t body{};
    if (!get(&body, sizeof body) || body.msgh_descriptor_count > kMaxMessageRights) return false;
    // First check them all: memory out of line is not accepted.
    const std::size_t first = at_;
    mach_msg_port_descriptor_t descriptor{};
    for (mach_msg_size_t i = 0; i < body.msgh_descriptor_count; ++i) {
      if (!get(&descriptor, sizeof descriptor) || descriptor.type != MACH_MSG_PORT_DESCRIPTOR ||
          (descriptor.disposition != MACH_MSG_TYPE_PORT_SEND &&
           descriptor.disposition != MACH_MSG_TYPE_PORT_RECEIVE)) {
        return false;
      }
    }
    at_ = first;
    message.rights.reserve(body.msgh_descriptor_count);
    for (mach_msg_size_t i = 0; i < body.msgh_descriptor_count; ++i) {
      (void)get(&descriptor, sizeof descriptor);
      ReceivedRight right;
      if (descriptor.disposition == MACH_MSG_TYPE_PORT_RECEIVE) {
        right.receive = ReceiveRight(descriptor.name);
      } else {
        right.send = SendRight(descriptor.name);
      }
      message.rights.push_back(std::move(right));
    }
    return true;
  }

  [[nodiscard]] bool read_bytes(ReceivedMessage& message) {
    std::uint32_t size = 0;
    if (!get(&size, sizeof size) || size > kMaxMessageBytes || size > end_ - at_) return false;
    const std::byte* from = buffer_.bytes.data() + at_;
    message.bytes.assign(from, from + size);
    return true;
  }

  Buffer& buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
};

// All notifications name their port at the same place: after the NDR record (byte order). 0 when
// the message is too short.
mach_port_t subject_of(Buffer& buffer) noexcept {
  mach_port_t name = MACH_PORT_NULL;
  constexpr std::size_t kPlace = sizeof(mach_msg_header_t) + sizeof(NDR_record_t);
  if (buffer.header()->msgh_size >= kPlace + sizeof name)
    std::memcpy(&name, buffer.bytes.data() + kPlace, sizeof name);
  return name;
}

// The sender, from the trailer after the message.
ProcessIdentity sender_of(Buffer& buffer) noexcept {
  mach_msg_audit_trailer_t trailer{};
  std::memcpy(&trailer, buffer.bytes.data() + padded(buffer.header()->msgh_size), sizeof trailer);
  // Of the audit token's words, 5 is the pid and 1 the effective user.
  return {trailer.msgh_audit.val[5], trailer.msgh_audit.val[1]};
}

}  // namespace

Error send_message(OutgoingRight to, mach_msg_id_t id, std::span<const std::byte> bytes,
                   std::span<OutgoingRight> rights) {
  if (bytes.size() > kMaxMessageBytes || rights.size() > kMaxMessageRights)
    return {Status::TooLarge};
  Buffer buffer;
  write_message(buffer, to, id, bytes, rights);
  const mach_msg_return_t code =
      mach_msg(buffer.header(), MACH_SEND_MSG | MACH_SEND_TIMEOUT, buffer.header()->msgh_size, 0,
               MACH_PORT_NULL, 0, MACH_PORT_NULL);
  if (code == MACH_SEND_TIMED_OUT || code == MACH_SEND_INTERRUPTED) take_back(buffer, rights);
  return message_error(code);
}

Error send_signal(OutgoingRight to, mach_msg_id_t id) noexcept {
  struct {
    mach_msg_header_t header;
    std::uint32_t no_bytes;
  } message{};
  message.header.msgh_bits = MACH_MSGH_BITS(to.disposition, 0);
  message.header.msgh_size = sizeof message;
  message.header.msgh_remote_port = to.name;
  message.header.msgh_id = id;
  const mach_msg_return_t code = mach_msg(&message.header, MACH_SEND_MSG | MACH_SEND_TIMEOUT,
                                          sizeof message, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
  if (code == MACH_SEND_TIMED_OUT || code == MACH_SEND_INTERRUPTED)
    mach_msg_destroy(&message.header);
  return message_error(code);
}

Result<ReceivedMessage> receive_message(mach_port_t port) {
  Buffer buffer;
  constexpr mach_msg_option_t kOptions = MACH_RCV_MSG | MACH_RCV_TIMEOUT |
                                         MACH_RCV_TRAILER_TYPE(MACH_MSG_TRAILER_FORMAT_0) |
                                         MACH_RCV_TRAILER_ELEMENTS(MACH_RCV_TRAILER_AUDIT);
  mach_msg_return_t code = MACH_RCV_INTERRUPTED;
  while (code == MACH_RCV_INTERRUPTED)
    code = mach_msg(buffer.header(), kOptions, 0, kRoom, port, 0, MACH_PORT_NULL);
  const Error error = message_error(code);
  if (!error.ok()) {
    // The message was received without some of its rights.
    if (error.status == Status::OutOfDescriptors) mach_msg_destroy(buffer.header());
    return error;
  }
  ReceivedMessage message;
  message.id = buffer.header()->msgh_id;
  message.sender = sender_of(buffer);
  message.is_from_kernel = message.sender.pid == 0;
  // Notifications carry other data than bytes, and no rights to release except those of a dead
  // name.
  if (message.is_from_kernel) {
    message.about = subject_of(buffer);
    return message;
  }
  const bool understood = Parts(buffer).read(message);
  if (!understood && message.rights.empty()) {
    mach_msg_destroy(buffer.header());
  } else {
    // `message` owns all rights that were read; a reply right is never used here.
    release_send(buffer.header()->msgh_remote_port);
  }
  if (!understood) return Status::ProtocolViolation;
  return message;
}

}  // namespace busbar::macos_platform
