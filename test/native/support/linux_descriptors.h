// Operations of tests on the descriptors of this process, by the kernel's own calls: count them,
// and send one past all checks of Channel.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

#include "linux/foreign_descriptor.h"
#include "support/check.h"

namespace busbar::test {

// Waits until every closing thread is done; never returns if a peer keeps one from closing.
inline void await_closers() {
  while (linux_platform::descriptors_closing() != 0) ::sched_yield();
}

// How many of the descriptors below 1,024 are open; threads may still be closing some.
inline int count_descriptors() {
  int count = 0;
  for (int fd = 0; fd < 1024; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
  return count;
}

// Sends `bytes` arbitrary bytes with one descriptor.
inline void send_descriptor(int socket, std::size_t bytes, int attached) {
  std::vector<char> content(bytes, 'x');
  iovec part{content.data(), content.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(header), &attached, sizeof attached);
  CHECK_EQ(::sendmsg(socket, &message, 0), static_cast<ssize_t>(bytes));
}

}  // namespace busbar::test
