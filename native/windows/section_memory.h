// SharedMemory as an unnamed section backed by the page file: its size never changes, and whoever
// has no handle on it cannot find it.
#pragma once

#include <cstddef>
#include <memory>

#include "platform/shared_memory.h"

namespace busbar::windows_platform {

[[nodiscard]] Result<std::unique_ptr<SharedMemory>> create_section_memory(std::size_t bytes,
                                                                          Access peers);
// Consumes the handle. Sections are counted in pages: sizes within the same last page are not told
// apart.
[[nodiscard]] Result<std::unique_ptr<SharedMemory>> adopt_section_memory(Handle handle,
                                                                         std::size_t bytes,
                                                                         Access access);

}  // namespace busbar::windows_platform
