// The number of a socket of Node's that Node itself does not tell, found by its addresses.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

namespace busbar::node {

struct SocketName {
  // As uv_ip_name() prints it, without a scope; empty: none.
  std::string address;
  std::uint32_t port;

  friend bool operator==(const SocketName&, const SocketName&) = default;
};

struct SocketNames {
  SocketName local;
  SocketName remote;
};

// Of the TCP sockets of the event loop of `env`; -1 when there is none, and where numbers of
// sockets are descriptors: Node tells those. No two sockets of a loop have the same names unless
// they are on the same connection or listener.
[[nodiscard]] std::int64_t find_socket(napi_env env, const SocketNames& names);

}  // namespace busbar::node
