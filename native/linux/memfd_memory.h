// SharedMemory on a sealed memfd: no name and no file to clean up; the kernel frees it with its
// last descriptor and mapping. The seals let a reader trust the size of a peer's memory.
#pragma once

#include <cstddef>
#include <memory>

#include "base/status.h"
#include "platform/handle.h"
#include "platform/shared_memory.h"

namespace busbar::linux_platform {

// `bytes` of zeros, mapped read-write. The kernel allocates pages at first touch. `peers` ==
// ReadOnly makes the kernel refuse every later writable mapping and write(). InvalidArgument for 0
// bytes.
[[nodiscard]] Result<std::unique_ptr<SharedMemory>> create_memfd_memory(std::size_t bytes,
                                                                        Access peers);

// Maps memory that a peer sent. ProtocolViolation unless it is a memfd of exactly `bytes` (not on
// huge pages) that can neither shrink nor grow; Permission when `access` needs a writable mapping
// and the seals forbid it.
[[nodiscard]] Result<std::unique_ptr<SharedMemory>> adopt_memfd_memory(Handle handle,
                                                                       std::size_t bytes,
                                                                       Access access);

}  // namespace busbar::linux_platform
