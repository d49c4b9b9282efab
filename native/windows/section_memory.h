// SharedMemory as an unnamed section backed by the page file: its size never changes, and a process
// without a handle cannot open it.
#pragma once

#include <cstddef>
#include <memory>

#include "platform/shared_memory.h"

namespace busbar::windows_platform {

[[nodiscard]] Result<std::unique_ptr<SharedMemory>> create_section_memory(std::size_t bytes,
                                                                          Access peers);
// Consumes the handle. The system counts sections in pages: two sizes that end in the same page
// look equal.
[[nodiscard]] Result<std::unique_ptr<SharedMemory>> adopt_section_memory(Handle handle,
                                                                         std::size_t bytes,
                                                                         Access access);

}  // namespace busbar::windows_platform
