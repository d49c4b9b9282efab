// ProcessIdentity: who a peer is, as reported by the kernel, never by the peer.
#pragma once

#include <cstdint>

namespace busbar {

struct ProcessIdentity {
  std::uint32_t pid = 0;
  // uid on POSIX systems, a hash of the SID on Windows.
  std::uint64_t user = 0;
};

}  // namespace busbar
