// The election: connect, else take the name under the lock.
#include "linux/unix_socket_rendezvous.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "base/sha256.h"
#include "linux/fifo_name_bell.h"

#include "linux/bus_place.h"
#include "linux/flock_name_lock.h"
#include "linux/seqpacket_channel.h"
#include "linux/unix_socket_listener.h"
#include "posix/file_descriptor.h"

namespace busbar::linux_platform {

using posix::error_of;
using posix::failed_at;
using posix::own_descriptor;

namespace {

Error connect_error(int os_code, const BusPlace& place) {
  switch (os_code) {
    case ENOENT:
      return {Status::NoController, os_code};
    case ECONNREFUSED:
      return {Status::PeerGone, os_code};
    default:
      // EAGAIN: the holder's backlog is full.
      if (os_code == EAGAIN) return error_of(os_code);
      return error_of(os_code, failed_at("connect", place.path_of(place.socket_name)));
  }
}

Result<std::unique_ptr<Channel>> connect_to(const BusPlace& place) {
  const Result<SocketAddress> address = address_in(place, place.socket_name);
  if (!address) return address.error();
  const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return error_of(errno);
  Handle socket = own_descriptor(fd);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address.value().address);
  if (::connect(fd, generic, address.value().size) != 0) return connect_error(errno, place);
  const Result<ProcessIdentity> peer = peer_credentials(fd);
  if (!peer) return peer.error();
  // Only root could have put another user's socket into our directory; we do not join its bus.
  if (peer.value().user != ::geteuid()) return Status::Permission;
  return std::unique_ptr<Channel>(
      std::make_unique<SeqpacketChannel>(std::move(socket), peer.value()));
}

// Device and inode are not enough: the next holder's file may reuse the numbers of a removed file.
std::uint64_t holder_of(const BusPlace& place) noexcept {
  struct stat facts {};
  if (::fstatat(place.borrow_directory(), place.socket_name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) !=
      0) {
    return 0;
  }
  const std::uint64_t words[] = {facts.st_dev, facts.st_ino,
                                 static_cast<std::uint64_t>(facts.st_ctim.tv_sec),
                                 static_cast<std::uint64_t>(facts.st_ctim.tv_nsec)};
  std::uint64_t number = 0;
  const Digest digest = sha256(std::as_bytes(std::span(words)));
  std::memcpy(&number, digest.data(), sizeof number);
  return std::max<std::uint64_t>(number, 1);
}

class UnixSocketRendezvous final : public Rendezvous {
 public:
  explicit UnixSocketRendezvous(std::string_view identifier) : identifier_(identifier) {}

  // The directory is opened for each call: a cleaner of /tmp may have removed it meanwhile.

  [[nodiscard]] Result<std::unique_ptr<Channel>> connect() override {
    const auto place = open_bus_place(identifier_);
    if (!place) return place.error();
    return connect_to(*place.value());
  }

  [[nodiscard]] Result<std::unique_ptr<Listener>> claim() override {
    auto place = open_bus_place(identifier_);
    if (!place) return place.error();
    const Result<NameLock> lock = NameLock::try_take(*place.value());
    if (!lock) return lock.error();
    // The holder sees this as a connection that closes at once.
    const Error answer = connect_to(*place.value()).error();
    if (answer.ok()) return Status::WouldBlock;
    if (answer.status != Status::NoController && answer.status != Status::PeerGone) return answer;
    return UnixSocketListener::bind_name(place.take());
  }

  [[nodiscard]] Result<std::unique_ptr<Listener>> depose(std::uint64_t holder) override {
    auto place = open_bus_place(identifier_);
    if (!place) return place.error();
    const Result<NameLock> lock = NameLock::try_take(*place.value());
    if (!lock) return lock.error();
    if (holder_of(*place.value()) != holder) return Status::WouldBlock;
    return UnixSocketListener::bind_name(place.take());
  }

  [[nodiscard]] std::uint64_t holder() const noexcept override {
    const auto place = open_bus_place(identifier_);
    return place ? holder_of(*place.value()) : 0;
  }

  [[nodiscard]] Result<std::unique_ptr<NameBell>> open_bell() override {
    const auto place = open_bus_place(identifier_);
    if (!place) return place.error();
    auto bell = FifoNameBell::open(*place.value());
    if (!bell) return bell.error();
    return std::unique_ptr<NameBell>(bell.take());
  }

  [[nodiscard]] bool has_listeners() noexcept override {
    const auto place = open_bus_place(identifier_);
    return place && FifoNameBell::is_open_anywhere(*place.value());
  }

 private:
  std::string identifier_;
};

}  // namespace

Result<std::unique_ptr<Rendezvous>> open_unix_socket_rendezvous(std::string_view identifier) {
  const auto place = open_bus_place(identifier);
  if (!place) return place.error();
  return std::unique_ptr<Rendezvous>(std::make_unique<UnixSocketRendezvous>(identifier));
}

}  // namespace busbar::linux_platform
