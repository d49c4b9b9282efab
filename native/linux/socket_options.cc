// getsockopt and setsockopt.
#include "linux/socket_options.h"

#include <fcntl.h>
#include <sys/socket.h>

namespace busbar::linux_platform {
namespace {

// Newer than the headers we compile with: Linux 6.5 and 6.16.
constexpr int kPassPidfd = 76;
constexpr int kPassRights = 83;

}  // namespace

int socket_option(int fd, int option) noexcept {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

void reset_socket_options(int fd) noexcept {
  struct Setting {
    int option;
    int value;
  };
  // Each of the first five adds control messages to a received datagram. SO_PASSRIGHTS at 0 would
  // refuse descriptors that the peer sends.
  constexpr Setting kOfNew[] = {{SO_PASSCRED, 0},  {SO_PASSSEC, 0},      {kPassPidfd, 0},
                                {SO_TIMESTAMP, 0}, {SO_TIMESTAMPING, 0}, {kPassRights, 1}};
  for (const Setting& setting : kOfNew) {
    (void)::setsockopt(fd, SOL_SOCKET, setting.option, &setting.value, sizeof setting.value);
  }
  // Clears O_ASYNC as well.
  (void)::fcntl(fd, F_SETFL, O_NONBLOCK);
}

}  // namespace busbar::linux_platform
