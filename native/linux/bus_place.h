// BusPlace: the directory and the file names of one bus. All file operations are relative to the
// opened directory, so no path is too long for a socket address and nobody can swap a directory on
// the way.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "linux/runtime_directory.h"

namespace busbar::linux_platform {

struct BusPlace {
  RuntimeDirectory directory;
  // <up to 24 characters of the identifier>-<32 hex digits of its SHA-256>, and an ending:
  std::string socket_name;      // .sock  leads to the socket that listens
  std::string lock_name;        // .lock  held while .sock is changed
  std::string fresh_name;       // .new   a socket that does not listen yet; only under the lock
  std::string bell_name;        // .bell  the FIFO by which the members of .sock are called
  std::string fresh_bell_name;  // .next  the FIFO that will become .bell; only under the lock

  [[nodiscard]] int borrow_directory() const noexcept;
  // For messages to people only.
  [[nodiscard]] std::string path_of(const std::string& name) const;
};

// Checks the directory again; fails as open_runtime_directory does.
[[nodiscard]] Result<std::shared_ptr<const BusPlace>> open_bus_place(std::string_view identifier);

struct SocketAddress {
  sockaddr_un address{};
  socklen_t size = sizeof(sockaddr_un);
};

// The address of `name` in the directory of `place`. Unsupported when /proc is not mounted and the
// directory's own path does not fit either.
[[nodiscard]] Result<SocketAddress> address_in(const BusPlace& place, const std::string& name);

}  // namespace busbar::linux_platform
