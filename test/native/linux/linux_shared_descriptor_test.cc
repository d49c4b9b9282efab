// Linux only: every descriptor that is sent to another process, and what its other holder does to
// it after the adoption. All holders share the flags of an open file description and the options of
// a socket. None of our calls may block, install anything, or stop working because of them.
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include "platform/platform_contract.h"
#include "posix/file_descriptor.h"
#include "support/linux_descriptors.h"

namespace {

using namespace busbar;
using namespace contract;
using namespace posix;

// Linux 6.5 and 6.16: newer than the headers.
constexpr int kPassPidfd = 76;
constexpr int kPassRights = 83;

void set_option(int fd, int option, int value) {
  (void)::setsockopt(fd, SOL_SOCKET, option, &value, sizeof value);
}

// Sets everything that makes a shared descriptor block, carry more, or refuse.
void spoil(int fd) {
  for (const int option : {SO_PASSCRED, SO_PASSSEC, kPassPidfd, SO_TIMESTAMP, SO_TIMESTAMPNS,
                           SO_RCVLOWAT, SO_BUSY_POLL, SO_KEEPALIVE, SO_PRIORITY}) {
    set_option(fd, option, 1);
  }
  set_option(fd, SO_TIMESTAMPING, 0x7f);
  set_option(fd, SO_RCVLOWAT, 1 << 20);
  set_option(fd, SO_PEEK_OFF, 7);
  set_option(fd, SO_RCVBUF, 1);
  set_option(fd, SO_SNDBUF, 1);
  const timeval hour{3600, 0};
  (void)::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &hour, sizeof hour);
  (void)::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &hour, sizeof hour);
  const linger longest{1, 3600};
  (void)::setsockopt(fd, SOL_SOCKET, SO_LINGER, &longest, sizeof longest);
  (void)::fcntl(fd, F_SETOWN, ::getpid());
  // A signal whose default action is to be ignored.
  (void)::fcntl(fd, F_SETSIG, SIGURG);
  (void)::fcntl(fd, F_SETPIPE_SZ, 4096);
  int on = 1;
  (void)::ioctl(fd, FIOASYNC, &on);
  int off = 0;
  (void)::ioctl(fd, FIONBIO, &off);
  (void)::fcntl(fd, F_SETFL, O_ASYNC);
}

// A second descriptor on the same description, as the other holder has it.
int other_holder_of(const Handle& handle) {
  return ::fcntl(borrow_descriptor(handle), F_DUPFD_CLOEXEC, 0);
}

// Writes until the descriptor takes no more, without blocking.
void fill(int fd) {
  const std::uint64_t most = UINT64_MAX - 1;
  if (::fcntl(fd, F_SETFL, O_NONBLOCK) != 0) return;
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &before);
  for (int i = 0; i < 1'000'000 && ::write(fd, &most, sizeof most) > 0; ++i) {
  }
  ::sigaction(SIGPIPE, &before, nullptr);
}

// Sends and then closes it: the descriptor in flight keeps it open, so close() does not wait.
void give_away(int socket, int sent) {
  busbar::test::send_descriptor(socket, 1, sent);
  ::close(sent);
}

// A TCP connection with unsent data that nobody reads: the last close of `first` waits for an hour,
// or until `second` is closed.
struct Lingering {
  int first = -1;
  int second = -1;
  Lingering() {
    const int door = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    CHECK(::bind(door, generic, size) == 0 && ::listen(door, 1) == 0);
    CHECK(::getsockname(door, generic, &size) == 0);
    first = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(::connect(first, generic, size) == 0);
    second = ::accept4(door, nullptr, nullptr, SOCK_CLOEXEC);
    ::close(door);
    const std::vector<char> much(1 << 20);
    while (::send(first, much.data(), much.size(), MSG_DONTWAIT) > 0) {
    }
    const linger longest{1, 3600};
    CHECK(::setsockopt(first, SOL_SOCKET, SO_LINGER, &longest, sizeof longest) == 0);
  }
  Lingering(const Lingering&) = delete;
  Lingering& operator=(const Lingering&) = delete;
  ~Lingering() { ::close(second); }
  void send_by(int socket) { give_away(socket, std::exchange(first, -1)); }
};

// A channel, and the bare socket at its other end.
struct Bare {
  std::unique_ptr<Channel> channel;
  Handle socket;
  Bare() {
    auto pair = native_platform().create_channel_pair(native_platform().self().pid).take();
    channel = std::move(pair.mine);
    socket = std::move(pair.theirs);
  }
  [[nodiscard]] int fd() const { return borrow_descriptor(socket); }
};

void leave_connections_to_close() {
  // Received, then refused.
  Lingering refused;
  Bare first;
  refused.send_by(first.fd());
  CHECK(first.channel->receive().ok());
  // Never received; the peer lives, then is gone.
  Lingering unread;
  Bare second;
  unread.send_by(second.fd());
  second.channel.reset();
  Lingering left_behind;
  Bare third;
  left_behind.send_by(third.fd());
  third.socket.close();
  third.channel.reset();
  // In the queue of a bell.
  Lingering rung;
  Bare fourth;
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  const Handle ringer = own_descriptor(ends[0]);
  rung.send_by(ends[0]);
  give_away(fourth.fd(), ends[1]);
  auto received = fourth.channel->receive();
  REQUIRE(received.ok());
  auto set = native_platform().create_doorbell_set().take();
  REQUIRE(set->add(std::move(received.value().handles.at(0)), 1).ok());
  set->remove(1);
}

}  // namespace

// The listener can do anything to its end of a bell; the ringer holds its endpoint's lock.
TEST(linux_shared_doorbell_rings_whatever_its_listener_does) {
  auto bell = native_platform().create_doorbell().take();
  auto set = native_platform().create_doorbell_set().take();
  const Handle handle = bell->share().take();
  REQUIRE(set->add(bell->share().take(), 1).ok());
  std::array<std::uint64_t, 2> tokens;
  (void)set->collect(tokens);
  const int holder = other_holder_of(handle);
  fill(holder);
  spoil(holder);
  for (int round = 0; round < 1000; ++round) {
    bell->ring();
    CHECK_EQ(set->collect(tokens), 1);
    CHECK_EQ(set->collect(tokens), 0);
  }
  // The listener harms only itself.
  ::shutdown(holder, SHUT_RDWR);
  bell->ring();
  ::close(holder);
  set->remove(1);
  bell->ring();
}

// The endpoint that introduces a link makes both ends of its channel and keeps a descriptor on
// ours.
TEST(linux_shared_channel_receives_no_more_than_was_sent) {
  Platform& here = native_platform();
  auto pair = here.create_channel_pair(here.self().pid);
  REQUIRE(pair.ok());
  const int holder = other_holder_of(pair.value().theirs);
  spoil(holder);
  auto ours = here.adopt_channel(std::move(pair.value().theirs));
  REQUIRE(ours.ok());
  Channel& theirs = *pair.value().mine;
  for (const bool spoilt_again : {false, true}) {
    if (spoilt_again) spoil(holder);
    CHECK_EQ(ours.value()->receive().status(), Status::WouldBlock);
    // Wait for descriptors that earlier tests closed.
    busbar::test::await_closers();
    const int before = busbar::test::count_descriptors();
    for (int round = 0; round < 200; ++round) {
      CHECK(send_text(theirs, "alone").ok());
      CHECK_EQ(receive_text(here, *ours.value()), "alone");
    }
    CHECK_EQ(busbar::test::count_descriptors(), before);
    // As many descriptors as fit, beside the data of the options.
    const Handle sent = own_descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const std::vector<const Handle*> all(kMaxDatagramHandles, &sent);
    const std::byte byte{1};
    REQUIRE(theirs.send({&byte, 1}, all).ok());
    auto datagram = ours.value()->receive();
    REQUIRE(datagram.ok());
    CHECK_EQ(datagram.value().handles.size(), kMaxDatagramHandles);
    datagram.value().handles.clear();
    CHECK_EQ(busbar::test::count_descriptors(), before + 1);
    CHECK_EQ(ours.value()->receive().status(), Status::WouldBlock);
  }
  // Adoption resets options that were set before.
  CHECK(::fcntl(holder, F_SETFL, 0) == 0);
  set_option(holder, kPassRights, 0);
  set_option(holder, SO_PASSCRED, 1);
  auto again = here.adopt_channel(ours.value()->share().take());
  REQUIRE(again.ok());
  const Handle sent = own_descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK(send_text(theirs, "with", {&sent}).ok());
  auto datagram = again.value()->receive();
  REQUIRE(datagram.ok());
  CHECK_EQ(datagram.value().handles.size(), 1);
  ::close(holder);
}

// A full buffer is reported, not waited for.
TEST(linux_shared_channel_never_waits_to_send) {
  Platform& here = native_platform();
  auto pair = here.create_channel_pair(here.self().pid);
  REQUIRE(pair.ok());
  const int holder = other_holder_of(pair.value().theirs);
  auto ours = here.adopt_channel(std::move(pair.value().theirs));
  REQUIRE(ours.ok());
  spoil(holder);
  Error sent;
  for (int i = 0; i < 100'000 && sent.ok(); ++i) sent = send_text(*ours.value(), "frame");
  CHECK_EQ(sent.status, Status::WouldBlock);
  ::close(holder);
}

// A descriptor that a peer leaves to us to close may block close() for as long as the peer likes.
TEST(linux_shared_connection_makes_nobody_wait_who_closes_it) {
  const int before = busbar::test::count_descriptors();
  leave_connections_to_close();
  // The other ends are closed, so every close() ends soon.
  while (busbar::test::count_descriptors() > before) ::sched_yield();
}
