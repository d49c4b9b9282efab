// Opens what a wire runs over.
#include "rpc/wire_sockets.h"

#if !defined(_WIN32)
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#endif

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace busbar::rpc {

WireAddress WireAddress::tcp(std::uint16_t port, std::string host) {
  WireAddress address;
  address.kind = Kind::tcp;
  address.place = std::move(host);
  address.port = port;
  return address;
}

WireAddress WireAddress::unix_socket(std::string path) {
  WireAddress address;
  address.kind = Kind::unix_socket;
  address.place = std::move(path);
  return address;
}

WireAddress WireAddress::descriptors(int from, int to) {
  WireAddress address;
  address.kind = Kind::descriptors;
  address.from = from;
  address.to = to;
  return address;
}

#if defined(_WIN32)

WireAddress WireAddress::parent() { return descriptors(-1, -1); }

namespace detail {
busbar::Result<WireEnds> dial(const WireAddress&) { return Status(BUSBAR_UNSUPPORTED); }
busbar::Result<int> listen_at(const WireAddress&) { return Status(BUSBAR_UNSUPPORTED); }
}  // namespace detail

#else

// A stray print would end the wire.
WireAddress WireAddress::parent() {
  const char* given = std::getenv("BUSBAR_WIRE_FDS");
  if (given != nullptr && std::strcmp(given, "3,4") == 0) {
    unsetenv("BUSBAR_WIRE_FDS");
    return descriptors(3, 4);
  }
  std::fflush(stdout);
  WireAddress address = descriptors(dup(0), dup(1));
  dup2(2, 1);
  return address;
}

namespace detail {

namespace {

bool prepare(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0 &&
         fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0;
}

bool fill(const std::string& path, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return true;
}

// Tries each address that a host has; `use` connects to it, or binds to it.
template <typename Use>
int for_host(const WireAddress& address, int flags, const Use& use) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(address.port);
  if (getaddrinfo(address.place.c_str(), port.c_str(), &hints, &list) != 0) return -1;
  int made = -1;
  for (const addrinfo* each = list; each != nullptr && made < 0; each = each->ai_next) {
    made = socket(each->ai_family, each->ai_socktype, each->ai_protocol);
    if (made < 0 || use(made, each->ai_addr, each->ai_addrlen)) continue;
    ::close(made);
    made = -1;
  }
  freeaddrinfo(list);
  return made;
}

void without_delay(int socket) {
  // Frames of one turn are one write already.
  const int on = 1;
  (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Whether a file is that of a socket that nobody listens at.
bool is_left(const sockaddr_un& address) {
  struct stat file {};
  if (stat(address.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
  const int asking = socket(AF_UNIX, SOCK_STREAM, 0);
  if (asking < 0) return false;
  const bool refused =
      connect(asking, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno == ECONNREFUSED;
  ::close(asking);
  return refused;
}

// Its user only can connect.
bool bind_for_user(int made, const sockaddr_un& address) {
  const mode_t mask = umask(0177);
  const bool bound = bind(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int error = errno;
  umask(mask);
  errno = error;
  return bound;
}

int listen_at_path(const std::string& path) {
  sockaddr_un address{};
  if (!fill(path, address)) return -1;
  const int made = socket(AF_UNIX, SOCK_STREAM, 0);
  if (made < 0) return -1;
  bool bound = bind_for_user(made, address);
  if (!bound && errno == EADDRINUSE && is_left(address)) {
    unlink(address.sun_path);
    bound = bind_for_user(made, address);
  }
  if (bound) return made;
  ::close(made);
  return -1;
}

}  // namespace

busbar::Result<WireEnds> dial(const WireAddress& address) {
  WireEnds ends{address.from, address.to};
  if (address.kind == WireAddress::Kind::tcp) {
    ends.from = for_host(address, 0, [](int made, const sockaddr* to, socklen_t size) {
      return connect(made, to, size) == 0;
    });
    ends.to = ends.from;
    if (ends.from >= 0) without_delay(ends.from);
  } else if (address.kind == WireAddress::Kind::unix_socket) {
    sockaddr_un to{};
    ends.from = fill(address.place, to) ? socket(AF_UNIX, SOCK_STREAM, 0) : -1;
    if (ends.from >= 0 &&
        connect(ends.from, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
      ::close(ends.from);
      ends.from = -1;
    }
    ends.to = ends.from;
  }
  if (ends.from < 0 || ends.to < 0 || !prepare(ends.from) || !prepare(ends.to))
    return Status(BUSBAR_SYSTEM);
  return ends;
}

busbar::Result<int> listen_at(const WireAddress& address) {
  const int made =
      address.kind == WireAddress::Kind::unix_socket
          ? listen_at_path(address.place)
          : for_host(address, AI_PASSIVE, [](int each, const sockaddr* at, socklen_t size) {
              const int on = 1;
              (void)setsockopt(each, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
              return bind(each, at, size) == 0;
            });
  if (made < 0) return Status(BUSBAR_SYSTEM);
  if (listen(made, 511) == 0 && prepare(made)) return made;
  ::close(made);
  return Status(BUSBAR_SYSTEM);
}

}  // namespace detail

#endif

}  // namespace busbar::rpc
