// SharedMemory of the loopback kernel: a piece of heap that all its mappings share. Write access to
// read-only memory is refused at adoption only; pages are not protected.
#pragma once

#include <cstddef>
#include <memory>

#include "base/status.h"
#include "loopback/loopback_object.h"
#include "platform/shared_memory.h"

namespace busbar::loopback {

[[nodiscard]] Result<std::unique_ptr<SharedMemory>> create_loopback_memory(const Process& process,
                                                                           std::size_t bytes,
                                                                           Access peers);
[[nodiscard]] Result<std::unique_ptr<SharedMemory>> adopt_loopback_memory(const Process& process,
                                                                          const Handle& handle,
                                                                          std::size_t bytes,
                                                                          Access access);

}  // namespace busbar::loopback
