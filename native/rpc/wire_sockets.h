// Sockets for wires. Descriptors that are returned do not block, and are closed on exec.
#ifndef BUSBAR_RPC_WIRE_SOCKETS_H
#define BUSBAR_RPC_WIRE_SOCKETS_H

#include "busbar/wire.hpp"

namespace busbar::rpc::detail {

// Two descriptors to read from and to write to; they may be the same.
struct WireEnds {
  int from = -1;
  int to = -1;
};

[[nodiscard]] busbar::Result<WireEnds> dial(const WireAddress& address);
[[nodiscard]] busbar::Result<int> listen_at(const WireAddress& address);

}  // namespace busbar::rpc::detail

#endif
