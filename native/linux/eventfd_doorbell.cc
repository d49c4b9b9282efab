// eventfd and what can be asked of it.
#include "linux/eventfd_doorbell.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

#include "posix/file_descriptor.h"

namespace busbar::linux_platform {

using posix::borrow_descriptor;
using posix::duplicate_descriptor;
using posix::error_of;
using posix::own_descriptor;

namespace {

class EventfdDoorbell final : public Doorbell {
 public:
  explicit EventfdDoorbell(Handle bell) noexcept : bell_(std::move(bell)) {}

  void ring() noexcept override { ring_eventfd(borrow_descriptor(bell_)); }
  [[nodiscard]] Result<Handle> share() const override {
    return duplicate_descriptor(borrow_descriptor(bell_));
  }

 private:
  Handle bell_;
};

}  // namespace

Result<std::unique_ptr<Doorbell>> create_eventfd_doorbell() {
  Result<Handle> bell = create_eventfd(0);
  if (!bell) return bell.error();
  return std::unique_ptr<Doorbell>(std::make_unique<EventfdDoorbell>(bell.take()));
}

Result<Handle> create_eventfd(unsigned int initial) {
  const int fd = ::eventfd(initial, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) return error_of(errno);
  return own_descriptor(fd);
}

void ring_eventfd(int fd) noexcept {
  const int saved_errno = errno;
  const std::uint64_t one = 1;
  // A refused write makes no edge. The counter is full only if somebody filled it (counting up by
  // ones takes longer than machines live), so empty it and try once more.
  if (::write(fd, &one, sizeof one) < 0 && errno == EAGAIN) {
    drain_eventfd(fd);
    [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);
  }
  errno = saved_errno;
}

void drain_eventfd(int fd) noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = ::read(fd, &count, sizeof count);
}

bool is_eventfd(int fd) noexcept {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  char target[32];
  const ssize_t length = ::readlink(path, target, sizeof target);
  if (length < 0) return ::access("/proc/self/fd", F_OK) != 0;  // no /proc: cannot tell
  return std::string_view(target, static_cast<std::size_t>(length)) == "anon_inode:[eventfd]";
}

}  // namespace busbar::linux_platform
