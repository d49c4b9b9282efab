// Rendezvous by a listening socket in this user's runtime directory. The process that listens where
// the bus's .sock file leads holds the name; when it dies the kernel refuses connections at once,
// although the file remains.
//
//   no file     nobody holds the name                              connect: NoController
//   refused     the last holder died, or left without releasing    connect: PeerGone
//   accepted    held
//
// claim() changes the file under a lock that the kernel drops at death (flock_name_lock.h), and
// only after a connect under that lock has failed: exactly one of any number of racers wins.
#pragma once

#include <memory>
#include <string_view>

#include "base/status.h"
#include "platform/rendezvous.h"

namespace busbar::linux_platform {

// Fails as open_runtime_directory does.
[[nodiscard]] Result<std::unique_ptr<Rendezvous>> open_unix_socket_rendezvous(
    std::string_view identifier);

}  // namespace busbar::linux_platform
