// SharedMemory on a sealed memfd: no name, no file to clean up, gone with its last descriptor and
// mapping. The seals are what lets a reader trust the size of a peer's memory.
#pragma once

#include <cstddef>
#include <memory>

#include "base/status.h"
#include "platform/handle.h"
#include "platform/shared_memory.h"

namespace busbar::linux_platform {

// `bytes` of zeros, mapped read-write. Pages are taken at first touch. `peers` == ReadOnly lets the
// kernel refuse every later writable mapping and write(). InvalidArgument for 0 bytes.
[[nodiscard]] Result<std::unique_ptr<SharedMemory>> create_memfd_memory(std::size_t bytes,
                                                                        Access peers);

// Maps what a peer sent. ProtocolViolation unless it is a memfd of exactly `bytes` (not on huge
// pages) that can neither shrink nor grow; Permission when a writable mapping is asked for and
// sealed off.
[[nodiscard]] Result<std::unique_ptr<SharedMemory>> adopt_memfd_memory(Handle handle,
                                                                       std::size_t bytes,
                                                                       Access access);

}  // namespace busbar::linux_platform
