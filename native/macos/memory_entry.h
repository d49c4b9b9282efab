// SharedMemory by memory entries: send rights to pieces of memory, writable if the entry says so.
#pragma once

#include <cstddef>
#include <memory>

#include "base/status.h"
#include "platform/shared_memory.h"

namespace busbar::macos_platform {

[[nodiscard]] Result<std::unique_ptr<SharedMemory>> create_entry_memory(std::size_t bytes,
                                                                        Access peers);
// ProtocolViolation unless it is an entry of as many pages as `bytes` need, of memory that is not
// backed by a file: a file could be truncated under the mapping.
[[nodiscard]] Result<std::unique_ptr<SharedMemory>> adopt_entry_memory(Handle handle,
                                                                       std::size_t bytes,
                                                                       Access access);

}  // namespace busbar::macos_platform
