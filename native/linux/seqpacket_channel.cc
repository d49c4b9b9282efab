// sendmsg and recvmsg. Every answer of the kernel is classified here and nowhere else.
#include "linux/seqpacket_channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "linux/foreign_descriptor.h"
#include "linux/socket_options.h"
#include "posix/file_descriptor.h"

namespace busbar::linux_platform {

using posix::borrow_descriptor;
using posix::duplicate_descriptor;
using posix::error_of;
using posix::own_descriptor;

namespace {

// SCM_PIDFD, younger than the headers we compile with.
constexpr int kScmPidfd = 4;

// Bytes that options of the socket, set by another holder of it, add to each datagram in front of
// its descriptors: credentials, a process, timestamps, a security label (a few hundred bytes at
// most).
constexpr std::size_t kForeignControlBytes = 1024;

// Room for the descriptors of one datagram, aligned as the kernel's header requires.
struct ControlBuffer {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(kMaxDatagramHandles * sizeof(int)) +
                                             kForeignControlBytes> bytes;
};

Error send_error(int os_code) noexcept {
  switch (os_code) {
    case EAGAIN:
      return {Status::WouldBlock, os_code};
    case EMSGSIZE:
      return {Status::TooLarge, os_code};
    case ETOOMANYREFS:
      return {Status::OutOfDescriptors, os_code};
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
      return {Status::PeerGone, os_code};
    default:
      return error_of(os_code);
  }
}

void put_handles(std::span<const Handle* const> handles, ControlBuffer& buffer, msghdr& message) {
  message.msg_control = buffer.bytes.data();
  message.msg_controllen = CMSG_SPACE(handles.size() * sizeof(int));
  std::memset(buffer.bytes.data(), 0, message.msg_controllen);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(handles.size() * sizeof(int));
  unsigned char* place = CMSG_DATA(header);
  for (const Handle* handle : handles) {
    const int fd = borrow_descriptor(*handle);
    std::memcpy(place, &fd, sizeof fd);
    place += sizeof fd;
  }
}

// Owns every descriptor that the kernel installed, even when the datagram will be refused. Closes
// descriptors that the sender did not send: SO_PASSPIDFD, which the other holder of our socket can
// set at any time, installs one for its process with each datagram. No such control message counts
// as a violation: the sender need not be the process that set the option.
std::vector<Handle> take_handles(msghdr& message) {
  std::vector<Handle> handles;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    if (header->cmsg_type != SCM_RIGHTS && header->cmsg_type != kScmPidfd) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      // SCM_PIDFD carries a negative number when no descriptor could be made.
      if (fd < 0) continue;
      Handle handle = own_foreign_descriptor(fd);
      if (header->cmsg_type == SCM_RIGHTS) handles.push_back(std::move(handle));
    }
  }
  return handles;
}

ssize_t receive_once(int socket, msghdr& message) {
  for (;;) {
    msghdr attempt = message;
    const ssize_t length = ::recvmsg(socket, &attempt, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (length >= 0) {
      message = attempt;
      return length;
    }
    // ECONNRESET is reported once, when the peer left some of our data unread, and before the
    // peer's own last datagrams: those are still in the queue, so the next call returns them, then
    // the end.
    if (errno != EINTR && errno != ECONNRESET) return length;
  }
}

}  // namespace

SeqpacketChannel::SeqpacketChannel(Handle socket, ProcessIdentity peer) noexcept
    : socket_(socket.take(), close_foreign), peer_(peer) {}

int SeqpacketChannel::borrow_socket() const noexcept { return borrow_descriptor(socket_); }

Result<Handle> SeqpacketChannel::share() const { return duplicate_descriptor(borrow_socket()); }

Error SeqpacketChannel::send(std::span<const std::byte> bytes,
                             std::span<const Handle* const> handles) {
  if (bytes.empty()) return {Status::InvalidArgument};
  if (bytes.size() > kMaxDatagramBytes || handles.size() > kMaxDatagramHandles) {
    return {Status::TooLarge};
  }
  for (const Handle* handle : handles) {
    if (handle == nullptr || !handle->valid()) return {Status::InvalidArgument};
  }
  iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ControlBuffer control;
  if (!handles.empty()) put_handles(handles, control, message);
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(borrow_socket(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? send_error(errno) : Error{};
}

Result<Datagram> SeqpacketChannel::receive() {
  std::array<std::byte, kMaxDatagramBytes> bytes;
  ControlBuffer control;
  iovec part{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  const ssize_t length = receive_once(borrow_socket(), message);
  if (length < 0) return errno == ENOTCONN ? Error{Status::PeerGone, errno} : error_of(errno);

  Datagram datagram;
  datagram.handles = take_handles(message);
  if (length == 0) return Status::PeerGone;
  // The kernel installs the descriptors that fit below this process's limit and closes the others
  // without an error.
  if ((message.msg_flags & MSG_CTRUNC) != 0) return Status::OutOfDescriptors;
  if ((message.msg_flags & MSG_TRUNC) != 0) return Status::ProtocolViolation;
  datagram.bytes.assign(bytes.begin(), bytes.begin() + length);
  return datagram;
}

Result<ChannelPair> create_seqpacket_pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
    return error_of(errno);
  }
  Handle mine = own_descriptor(ends[0]);
  Handle theirs = own_descriptor(ends[1]);
  const Result<ProcessIdentity> peer = peer_credentials(ends[0]);
  if (!peer) return peer.error();
  return ChannelPair{std::make_unique<SeqpacketChannel>(std::move(mine), peer.value()),
                     std::move(theirs)};
}

Result<std::unique_ptr<Channel>> adopt_seqpacket_channel(Handle handle) {
  if (!handle.valid()) return Status::InvalidArgument;
  const int fd = borrow_descriptor(handle);
  const Error error = verify_seqpacket_socket(fd);
  if (!error.ok()) return error;
  const Result<ProcessIdentity> peer = peer_credentials(fd);
  if (!peer) return peer.error();
  reset_socket_options(fd);
  return std::unique_ptr<Channel>(
      std::make_unique<SeqpacketChannel>(std::move(handle), peer.value()));
}

Result<ProcessIdentity> peer_credentials(int socket) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return error_of(errno);
  }
  // A socket that was never connected has no peer: pid 0, user -1.
  if (credentials.uid == static_cast<uid_t>(-1)) return Status::ProtocolViolation;
  return ProcessIdentity{static_cast<std::uint32_t>(credentials.pid), credentials.uid};
}

Error verify_seqpacket_socket(int fd) {
  const bool fits = socket_option(fd, SO_DOMAIN) == AF_UNIX &&
                    socket_option(fd, SO_TYPE) == SOCK_SEQPACKET &&
                    socket_option(fd, SO_ACCEPTCONN) == 0;
  return fits ? Error{} : Error{Status::ProtocolViolation};
}

}  // namespace busbar::linux_platform
