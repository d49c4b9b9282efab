// Finds the number of one of Node's sockets by its addresses, because Node has no function for it.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>

namespace busbar::node {

struct SocketName {
  // An address as uv_ip_name() prints it, without a scope; empty: no address.
  std::string address;
  std::uint32_t port;

  friend bool operator==(const SocketName&, const SocketName&) = default;
};

struct SocketNames {
  SocketName local;
  SocketName remote;
};

// Searches the TCP sockets of the event loop of `env`. -1 if no socket fits, and on systems where
// sockets are descriptors, which Node does give. Two sockets of a loop have the same addresses only
// if they belong to the same connection or listener.
[[nodiscard]] std::int64_t find_socket(napi_env env, const SocketNames& names);

}  // namespace busbar::node
