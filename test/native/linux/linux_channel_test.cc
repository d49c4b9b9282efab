// Linux only: answers of the kernel that only a hostile peer causes.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>

#include "linux/seqpacket_channel.h"
#include "platform/platform_contract.h"
#include "posix/file_descriptor.h"
#include "support/linux_descriptors.h"

namespace {

using namespace busbar;
using namespace contract;
using namespace linux_platform;
using namespace posix;

// A channel whose other end is a bare socket.
struct BarePair {
  std::unique_ptr<Channel> channel;
  Handle bare;
  [[nodiscard]] int fd() const { return borrow_descriptor(bare); }
};

BarePair make_bare_pair() {
  Result<ChannelPair> pair = native_platform().create_channel_pair(native_platform().self().pid);
  if (!CHECK(pair.ok())) return {};
  return {std::move(pair.value().mine), std::move(pair.value().theirs)};
}

// Counts descriptors once none is being closed.
int count_settled_descriptors() {
  busbar::test::await_closers();
  return busbar::test::count_descriptors();
}

class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lower{limit, before_.rlim_max};
    CHECK_EQ(::setrlimit(RLIMIT_NOFILE, &lower), 0);
  }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST(linux_channel_drops_an_oversized_datagram_and_its_handles) {
  BarePair pair = make_bare_pair();
  const int before = count_settled_descriptors();
  busbar::test::send_descriptor(pair.fd(), kMaxDatagramBytes + 1, pair.fd());
  CHECK_EQ(pair.channel->receive().status(), Status::ProtocolViolation);
  CHECK_EQ(count_settled_descriptors(), before);
  busbar::test::send_descriptor(pair.fd(), kMaxDatagramBytes, pair.fd());
  auto next = pair.channel->receive();
  REQUIRE(next.ok());
  CHECK_EQ(next.value().handles.size(), 1);
}

TEST(linux_channel_takes_an_empty_datagram_for_the_end) {
  BarePair pair = make_bare_pair();
  const int before = count_settled_descriptors();
  busbar::test::send_descriptor(pair.fd(), 0, pair.fd());
  CHECK_EQ(pair.channel->receive().status(), Status::PeerGone);
  CHECK_EQ(count_settled_descriptors(), before);
}

TEST(linux_channel_received_descriptors_are_closed_on_exec) {
  BarePair pair = make_bare_pair();
  busbar::test::send_descriptor(pair.fd(), 1, pair.fd());
  auto datagram = pair.channel->receive();
  REQUIRE(datagram.ok());
  REQUIRE_EQ(datagram.value().handles.size(), 1);
  CHECK_EQ(::fcntl(borrow_descriptor(datagram.value().handles[0]), F_GETFD), FD_CLOEXEC);
}

TEST(linux_channel_reports_handles_lost_at_the_descriptor_limit) {
  Ends ends = make_ends(native_platform());
  auto bell = native_platform().create_doorbell();
  REQUIRE(bell.ok());
  const Handle handle = bell.value()->share().take();
  const std::vector<const Handle*> handles(100, &handle);
  CHECK(send_text(*ends.near, "too many for you", handles).ok());
  CHECK(send_text(*ends.near, "next").ok());
  const int before = count_settled_descriptors();
  {
    // Room for some of the descriptors in flight, but not for all.
    const int lowest = ::dup(borrow_descriptor(handle));
    ::close(lowest);
    const DescriptorLimit limit(static_cast<rlim_t>(lowest) + 10);
    CHECK_EQ(ends.far->receive().status(), Status::OutOfDescriptors);
    CHECK_EQ(count_settled_descriptors(), before);
    auto next = ends.far->receive();
    CHECK(next.ok());
    // Every call that needs a descriptor reports it.
    const DescriptorLimit none(static_cast<rlim_t>(lowest));
    CHECK_EQ(native_platform().create_channel_pair(native_platform().self().pid).status(),
             Status::OutOfDescriptors);
    CHECK_EQ(native_platform().create_memory(1, Access::ReadWrite).status(),
             Status::OutOfDescriptors);
    CHECK_EQ(native_platform().create_doorbell().status(), Status::OutOfDescriptors);
    CHECK_EQ(native_platform().create_doorbell_set().status(), Status::OutOfDescriptors);
    CHECK_EQ(native_platform().create_reactor().status(), Status::OutOfDescriptors);
    CHECK_EQ(bell.value()->share().status(), Status::OutOfDescriptors);
  }
  CHECK_EQ(count_settled_descriptors(), before);
}

// The limit does not apply to root, so a child gives root up; for other users nothing changes.
TEST(linux_channel_tells_too_many_descriptors_under_way_from_a_full_channel) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
    const rlimit limit{40, 40};
    ::setrlimit(RLIMIT_NOFILE, &limit);
    Ends ends = make_ends(native_platform());
    auto bell = native_platform().create_doorbell();
    if (!bell) ::_exit(3);
    const Handle handle = bell.value()->share().take();
    const std::vector<const Handle*> handles(10, &handle);
    std::optional<Error> error;
    for (int i = 0; i < 10 && !error; ++i) {
      const Error answer = send_text(*ends.near, "x", handles);
      if (!answer.ok()) error = answer;
    }
    const bool expected = error && error->status == Status::OutOfDescriptors &&
                          error->os_code == ETOOMANYREFS && send_text(*ends.near, "x").ok();
    ::_exit(expected ? 0 : 1);
  }
  int how = 0;
  ::waitpid(child, &how, 0);
  CHECK(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

TEST(linux_channel_refuses_other_sockets) {
  int stream[2];
  REQUIRE_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream), 0);
  const Handle other = own_descriptor(stream[1]);
  CHECK_EQ(native_platform().adopt_channel(own_descriptor(stream[0])).status(),
           Status::ProtocolViolation);
  const int lonely = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  CHECK_EQ(native_platform().adopt_channel(own_descriptor(lonely)).status(),
           Status::ProtocolViolation);
  const int internet = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (internet >= 0) {
    CHECK_EQ(native_platform().adopt_channel(own_descriptor(internet)).status(),
             Status::ProtocolViolation);
  }
}
