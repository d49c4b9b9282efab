// socketpair and shutdown.
#include "linux/shutdown_doorbell.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "linux/socket_options.h"
#include "posix/file_descriptor.h"

namespace busbar::linux_platform {

using posix::borrow_descriptor;
using posix::duplicate_descriptor;
using posix::error_of;
using posix::own_descriptor;

namespace {

class ShutdownDoorbell final : public Doorbell {
 public:
  ShutdownDoorbell(Handle ours, Handle theirs) noexcept
      : ours_(std::move(ours)), theirs_(std::move(theirs)) {}

  void ring() noexcept override {
    const int saved_errno = errno;
    [[maybe_unused]] const int done = ::shutdown(borrow_descriptor(ours_), SHUT_WR);
    errno = saved_errno;
  }
  [[nodiscard]] Result<Handle> share() const override {
    return duplicate_descriptor(borrow_descriptor(theirs_));
  }
  void end_sharing() noexcept override { theirs_.close(); }

 private:
  Handle ours_;
  Handle theirs_;
};

}  // namespace

Result<std::unique_ptr<Doorbell>> create_shutdown_doorbell() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
    return error_of(errno);
  }
  Handle ours = own_descriptor(ends[0]);
  Handle theirs = own_descriptor(ends[1]);
  // Nothing that the peer sends can then lie in our queue and need a close.
  if (::shutdown(ends[0], SHUT_RD) != 0) return error_of(errno);
  return std::unique_ptr<Doorbell>(
      std::make_unique<ShutdownDoorbell>(std::move(ours), std::move(theirs)));
}

bool is_shutdown_doorbell(int fd) noexcept {
  return socket_option(fd, SO_DOMAIN) == AF_UNIX && socket_option(fd, SO_TYPE) == SOCK_STREAM &&
         socket_option(fd, SO_ACCEPTCONN) == 0;
}

}  // namespace busbar::linux_platform
