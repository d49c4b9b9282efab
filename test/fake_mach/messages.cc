// mach_msg: rights travel as descriptors beside the message and become names in the receiving task.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "port_space.h"

using namespace fake_mach;

namespace {

constexpr std::size_t kFirstDescriptor = sizeof(mach_msg_header_t) + sizeof(mach_msg_body_t);

std::size_t descriptor_count(const mach_msg_header_t* message) {
  if ((message->msgh_bits & MACH_MSGH_BITS_COMPLEX) == 0) return 0;
  mach_msg_body_t body;
  std::memcpy(&body, message + 1, sizeof body);
  return body.msgh_descriptor_count;
}

mach_msg_port_descriptor_t* descriptors_of(mach_msg_header_t* message) {
  return reinterpret_cast<mach_msg_port_descriptor_t*>(reinterpret_cast<char*>(message) +
                                                       kFirstDescriptor);
}

bool is_send(mach_msg_type_name_t disposition) {
  return disposition == MACH_MSG_TYPE_COPY_SEND || disposition == MACH_MSG_TYPE_MOVE_SEND;
}

// The descriptor to send to a port with, or to make a send right from.
int sender_of(const Entry* entry, mach_msg_type_name_t disposition) {
  if (entry == nullptr) return -1;
  return is_send(disposition) ? entry->send : entry->maker;
}

struct Outgoing {
  std::vector<std::byte> bytes;
  std::vector<int> descriptors;
};

// False: the caller does not have one of the rights.
bool pack(PortSpace& space, mach_msg_header_t* message, Outgoing& out) {
  const std::size_t count = descriptor_count(message);
  std::vector<WireRight> rights;
  for (std::size_t i = 0; i < count; ++i) {
    const mach_msg_port_descriptor_t& each = descriptors_of(message)[i];
    const Entry* entry = space.find(each.name);
    const bool receive = each.disposition == MACH_MSG_TYPE_MOVE_RECEIVE;
    const int descriptor =
        receive ? (entry == nullptr ? -1 : entry->receive) : sender_of(entry, each.disposition);
    if (descriptor < 0) return false;
    rights.push_back({entry->id, entry->object, receive});
    out.descriptors.push_back(descriptor);
  }
  const WireHeader wire{static_cast<std::uint32_t>(count), false};
  const auto append = [&out](const void* from, std::size_t size) {
    const auto* bytes = static_cast<const std::byte*>(from);
    out.bytes.insert(out.bytes.end(), bytes, bytes + size);
  };
  append(&wire, sizeof wire);
  append(rights.data(), rights.size() * sizeof(WireRight));
  append(message, message->msgh_size);
  return true;
}

// Takes the rights that moved with the message from the caller.
void give_away(PortSpace& space, mach_msg_header_t* message) {
  for (std::size_t i = 0; i < descriptor_count(message); ++i) {
    const mach_msg_port_descriptor_t& each = descriptors_of(message)[i];
    if (each.disposition == MACH_MSG_TYPE_MOVE_RECEIVE) space.drop_receive(each.name);
    if (each.disposition == MACH_MSG_TYPE_MOVE_SEND) space.drop_send(each.name);
  }
}

// The queue was full: the message comes back as if it had been received, with rights of its own.
void come_back(PortSpace& space, mach_msg_header_t* message) {
  const auto restore = [&space](mach_port_t name, mach_msg_type_name_t disposition) {
    Entry* entry = space.find(name);
    if (disposition == MACH_MSG_TYPE_MOVE_RECEIVE || disposition == MACH_MSG_TYPE_MOVE_SEND) return;
    if (entry->send < 0) entry->send = ::dup(entry->maker);
    ++entry->send_refs;
  };
  for (std::size_t i = 0; i < descriptor_count(message); ++i) {
    mach_msg_port_descriptor_t& each = descriptors_of(message)[i];
    restore(each.name, each.disposition);
    each.disposition = each.disposition == MACH_MSG_TYPE_MOVE_RECEIVE ? MACH_MSG_TYPE_PORT_RECEIVE
                                                                      : MACH_MSG_TYPE_PORT_SEND;
  }
  const mach_msg_type_name_t remote = message->msgh_bits & MACH_MSGH_BITS_REMOTE_MASK;
  restore(message->msgh_remote_port, remote);
}

mach_msg_return_t send(mach_msg_header_t* message) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  const mach_msg_type_name_t remote = message->msgh_bits & MACH_MSGH_BITS_REMOTE_MASK;
  Entry* destination = space.find(message->msgh_remote_port);
  Outgoing out;
  if (!pack(space, message, out)) return MACH_SEND_INVALID_RIGHT;
  if (out.descriptors.size() > kMaxDescriptors || out.bytes.size() > kMaxWireBytes)
    return MACH_SEND_TOO_LARGE;
  if (destination != nullptr && remote == MACH_MSG_TYPE_MAKE_SEND_ONCE && destination->maker < 0 &&
      destination->receive >= 0) {
    destination->own.push_back(std::move(out.bytes));
    return MACH_MSG_SUCCESS;
  }
  const int sender = sender_of(destination, remote);
  if (sender < 0) return MACH_SEND_INVALID_DEST;
  if (send_datagram(sender, out.bytes, out.descriptors, false) >= 0) {
    give_away(space, message);
    return MACH_MSG_SUCCESS;
  }
  switch (errno) {
    case EAGAIN:
      come_back(space, message);
      return MACH_SEND_TIMED_OUT;
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
      return MACH_SEND_INVALID_DEST;
    case ETOOMANYREFS:
    case ENOBUFS:
    case ENOMEM:
      return MACH_SEND_NO_BUFFER;
    default:
      return MACH_SEND_INVALID_RIGHT;
  }
}

void write_trailer(mach_msg_header_t* message, std::uint32_t pid, std::uint32_t uid) {
  mach_msg_audit_trailer_t trailer{};
  trailer.msgh_trailer_size = sizeof trailer;
  trailer.msgh_audit.val[1] = uid;
  trailer.msgh_audit.val[5] = pid;
  std::memcpy(reinterpret_cast<char*>(message) + ((message->msgh_size + 3U) & ~3U), &trailer,
              sizeof trailer);
}

mach_msg_return_t deliver_no_senders(Entry& entry, mach_msg_header_t* message) {
  entry.tells_no_senders = false;
  *message = {};
  message->msgh_size = sizeof *message + sizeof(NDR_record_t) + sizeof(mach_port_mscount_t);
  message->msgh_id = MACH_NOTIFY_NO_SENDERS;
  std::memset(message + 1, 0, message->msgh_size - sizeof *message);
  write_trailer(message, 0, 0);
  return MACH_MSG_SUCCESS;
}

mach_msg_return_t unpack(PortSpace& space, std::span<const std::byte> bytes, const Received& with,
                         mach_msg_header_t* message, std::size_t room) {
  WireHeader wire;
  std::memcpy(&wire, bytes.data(), sizeof wire);
  bytes = bytes.subspan(sizeof wire);
  std::vector<WireRight> rights(wire.rights);
  if (!rights.empty()) std::memcpy(rights.data(), bytes.data(), rights.size() * sizeof(WireRight));
  bytes = bytes.subspan(rights.size() * sizeof(WireRight));
  // A limit of this process has cut off some descriptors.
  const bool is_short = with.descriptors.size() < rights.size();
  std::vector<mach_port_t> names;
  for (std::size_t i = 0; i < with.descriptors.size(); ++i)
    names.push_back(space.take_right(rights[i], with.descriptors[i]));
  if (bytes.size() + sizeof(mach_msg_audit_trailer_t) > room) {
    for (std::size_t i = 0; i < names.size(); ++i)
      rights[i].receive ? space.drop_receive(names[i]) : space.drop_send(names[i]);
    return MACH_RCV_TOO_LARGE;
  }
  std::memcpy(static_cast<void*>(message), bytes.data(), bytes.size());
  message->msgh_remote_port = MACH_PORT_NULL;
  for (std::size_t i = 0; i < descriptor_count(message); ++i) {
    mach_msg_port_descriptor_t& each = descriptors_of(message)[i];
    each.name = i < names.size() ? names[i] : MACH_PORT_NULL;
    each.disposition = rights[i].receive ? MACH_MSG_TYPE_PORT_RECEIVE : MACH_MSG_TYPE_PORT_SEND;
  }
  const bool from_kernel = wire.from_kernel && with.pid == static_cast<std::uint32_t>(::getpid());
  write_trailer(message, from_kernel ? 0 : with.pid, from_kernel ? 0 : with.uid);
  return is_short ? MACH_RCV_BODY_ERROR | MACH_MSG_IPC_SPACE : MACH_MSG_SUCCESS;
}

mach_msg_return_t receive(mach_msg_header_t* message, std::size_t room, mach_port_t name) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  Entry* entry = space.find(name);
  if (entry == nullptr || entry->receive < 0) return MACH_RCV_INVALID_NAME;
  std::vector<std::byte> bytes(kMaxWireBytes);
  Received with;
  const long got = receive_datagram(entry->receive, bytes, with, false);
  if (got > 0) {
    bytes.resize(static_cast<std::size_t>(got));
    return unpack(space, bytes, with, message, room);
  }
  if (got == 0 && entry->tells_no_senders) return deliver_no_senders(*entry, message);
  if (got == 0 && !entry->own.empty()) {
    with.pid = static_cast<std::uint32_t>(::getpid());
    bytes = std::move(entry->own.front());
    entry->own.pop_front();
    return unpack(space, bytes, with, message, room);
  }
  return MACH_RCV_TIMED_OUT;
}

}  // namespace

mach_msg_return_t mach_msg(mach_msg_header_t* message, mach_msg_option_t options, mach_msg_size_t,
                           mach_msg_size_t receive_size, mach_port_name_t receive_name,
                           mach_msg_timeout_t, mach_port_name_t) {
  const int saved_errno = errno;
  const mach_msg_return_t code =
      (options & MACH_SEND_MSG) != 0 ? send(message) : receive(message, receive_size, receive_name);
  errno = saved_errno;
  return code;
}

void mach_msg_destroy(mach_msg_header_t* message) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  if (MACH_PORT_VALID(message->msgh_remote_port)) space.drop_send(message->msgh_remote_port);
  for (std::size_t i = 0; i < descriptor_count(message); ++i) {
    const mach_msg_port_descriptor_t& each = descriptors_of(message)[i];
    if (!MACH_PORT_VALID(each.name)) continue;
    if (each.disposition == MACH_MSG_TYPE_PORT_RECEIVE) {
      space.drop_receive(each.name);
    } else {
      space.drop_send(each.name);
    }
  }
}
