// sendmsg and recvmsg on SOCK_SEQPACKET.
#include "wire.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace fake_mach {
namespace {

struct Control {
  alignas(
      cmsghdr) char bytes[CMSG_SPACE(kMaxDescriptors * sizeof(int)) + CMSG_SPACE(sizeof(ucred))];
};

}  // namespace

long send_datagram(int socket, std::span<const std::byte> bytes, std::span<const int> descriptors,
                   bool wait) {
  iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  Control control{};
  if (!descriptors.empty()) {
    message.msg_control = control.bytes;
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  long sent = 0;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
  } while (sent < 0 && errno == EINTR);
  return sent;
}

long receive_datagram(int socket, std::span<std::byte> room, Received& received, bool wait) {
  iovec part{room.data(), room.size()};
  Control control;
  msghdr message{};
  long got = 0;
  do {
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return got;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET) continue;
    if (header->cmsg_type == SCM_CREDENTIALS) {
      ucred who{};
      std::memcpy(&who, CMSG_DATA(header), sizeof who);
      received.pid = static_cast<std::uint32_t>(who.pid);
      received.uid = who.uid;
    } else if (header->cmsg_type == SCM_RIGHTS) {
      received.descriptors.resize((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
      std::memcpy(received.descriptors.data(), CMSG_DATA(header),
                  received.descriptors.size() * sizeof(int));
    }
  }
  return got;
}

unsigned int server_address(const char* name, sockaddr_un& out) {
  out = {};
  out.sun_family = AF_UNIX;
  std::strncpy(out.sun_path + 1, name, sizeof out.sun_path - 2);
  return static_cast<unsigned int>(offsetof(sockaddr_un, sun_path) + 1 + std::strlen(name));
}

bool make_port_sockets(int& receive, int& send) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return false;
  const int on = 1;
  ::setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  receive = ends[0];
  send = ends[1];
  return true;
}

}  // namespace fake_mach
