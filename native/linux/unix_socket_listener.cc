// bind, listen, rename, accept.
#include "linux/unix_socket_listener.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "linux/fifo_name_bell.h"
#include "linux/flock_name_lock.h"
#include "linux/foreign_descriptor.h"
#include "linux/seqpacket_channel.h"
#include "posix/file_descriptor.h"

namespace busbar::linux_platform {

using posix::borrow_descriptor;
using posix::duplicate_descriptor;
using posix::error_of;
using posix::failed_at;
using posix::own_descriptor;

namespace {

// The kernel lowers it to net.core.somaxconn (4096 since Linux 5.4): as many waiting joins as it
// allows.
constexpr int kBacklog = 65535;

// A file with a larger number was not written by us.
constexpr std::uint64_t kMaxGenerations = 1ULL << 48U;

std::optional<UnixSocketListener::FileIdentity> identify(const BusPlace& place,
                                                         const std::string& name) noexcept {
  struct stat facts {};
  if (::fstatat(place.borrow_directory(), name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISSOCK(facts.st_mode)) {
    return std::nullopt;
  }
  return UnixSocketListener::FileIdentity{facts.st_dev, facts.st_ino};
}

Error bind_fresh(int socket, const BusPlace& place) {
  const Result<SocketAddress> address = address_in(place, place.fresh_name);
  if (!address) return address.error();
  // Left by a process that was killed between bind and rename.
  ::unlinkat(place.borrow_directory(), place.fresh_name.c_str(), 0);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address.value().address);
  const auto failed = [&place](const char* call) {
    return error_of(errno, failed_at(call, place.path_of(place.fresh_name)));
  };
  if (::bind(socket, generic, address.value().size) != 0) return failed("bind");
  // The umask may have removed the permission to connect.
  if (::fchmodat(place.borrow_directory(), place.fresh_name.c_str(), 0600, 0) != 0)
    return failed("chmod");
  if (::listen(socket, kBacklog) != 0) return failed("listen");
  return {};
}

Error rename(const BusPlace& place, const std::string& from, const std::string& to) {
  const int directory = place.borrow_directory();
  if (::renameat(directory, from.c_str(), directory, to.c_str()) == 0) return {};
  return error_of(errno, failed_at("rename", place.path_of(from)));
}

// Lets .sock lead to the new socket, which listens already: the name never leads to a socket that
// refuses. Then rings for the members of the previous holder, and only then lets .bell lead to a
// new FIFO: if we die in between, the next holder rings the same bell again. A process that opens
// the bell and then looks at the name never has a bell newer than its holder.
Error take_name(const BusPlace& place) {
  auto former = FifoNameBell::open(place);
  if (!former && former.status() != Status::NoController) return former.error();
  Error error = FifoNameBell::make_fresh(place);
  if (!error.ok()) return error;
  // The first holder has no predecessor's members to wake, and its own members must find a bell.
  if (!former) error = rename(place, place.fresh_bell_name, place.bell_name);
  if (error.ok()) error = rename(place, place.fresh_name, place.socket_name);
  if (!error.ok() || !former) return error;
  former.value()->ring();
  // If this fails, our members listen to a bell that is rung already: extra wake-ups, no other
  // harm.
  (void)rename(place, place.fresh_bell_name, place.bell_name);
  return {};
}

}  // namespace

UnixSocketListener::UnixSocketListener(Handle socket, std::shared_ptr<const BusPlace> place,
                                       FileIdentity file) noexcept
    : socket_(socket.take(), close_foreign),
      place_(std::move(place)),
      file_(file),
      name_watch_(*place_) {}

Result<std::unique_ptr<Listener>> UnixSocketListener::bind_name(
    std::shared_ptr<const BusPlace> place) {
  const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return error_of(errno);
  Handle socket = own_descriptor(fd);
  const Error error = bind_fresh(fd, *place);
  if (!error.ok()) return error;
  const std::optional<FileIdentity> file = identify(*place, place->fresh_name);
  if (!file) return error_of(errno);
  const Error named = take_name(*place);
  if (!named.ok()) return named;
  return std::unique_ptr<Listener>(
      std::make_unique<UnixSocketListener>(std::move(socket), std::move(place), *file));
}

int UnixSocketListener::borrow_socket() const noexcept { return borrow_descriptor(socket_); }

Result<std::unique_ptr<Channel>> UnixSocketListener::accept() {
  name_watch_.quiet();
  int fd = -1;
  do {
    fd = ::accept4(borrow_socket(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return error_of(errno);
  Handle socket = own_descriptor(fd);
  const Result<ProcessIdentity> peer = peer_credentials(fd);
  if (!peer) return peer.error();
  return std::unique_ptr<Channel>(
      std::make_unique<SeqpacketChannel>(std::move(socket), peer.value()));
}

Result<Handle> UnixSocketListener::share() const { return duplicate_descriptor(borrow_socket()); }

bool UnixSocketListener::holds_name() const noexcept {
  // By path, as newcomers do: the directory that we have open may have been moved.
  struct stat facts {};
  const std::string path = place_->path_of(place_->socket_name);
  return ::lstat(path.c_str(), &facts) == 0 && FileIdentity{facts.st_dev, facts.st_ino} == file_;
}

// Kept in the lock file, which lives as long as the name. Only the holder of the name writes there,
// and the next holder comes only after our death.
std::uint64_t UnixSocketListener::begin_generation(std::uint64_t at_least) noexcept {
  const Result<Handle> file = open_lock_file(*place_);
  if (!file) return at_least;
  const int fd = borrow_descriptor(file.value());
  std::uint64_t last = 0;
  if (::pread(fd, &last, sizeof last, 0) != sizeof last || last >= kMaxGenerations) last = 0;
  const std::uint64_t ours = std::max(at_least, last + 1);
  // If the write fails, a successor that never heard of us may reuse our number: no reason to
  // refuse the office.
  [[maybe_unused]] const ssize_t written = ::pwrite(fd, &ours, sizeof ours, 0);
  return ours;
}

void UnixSocketListener::release_name(bool bus_ended) noexcept {
  const Result<NameLock> lock = NameLock::try_take(*place_);
  if (!lock || !holds_name()) return;
  ::unlinkat(place_->borrow_directory(), place_->socket_name.c_str(), 0);
  ::unlinkat(place_->borrow_directory(), place_->bell_name.c_str(), 0);
  if (bus_ended) ::unlinkat(place_->borrow_directory(), place_->lock_name.c_str(), 0);
}

}  // namespace busbar::linux_platform
