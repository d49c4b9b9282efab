// Parcel: messages that a leaving endpoint hands over to the controller or its successor, in the
// form that ParkedMessages writes.
#pragma once

#include <cstdint>
#include <memory>

#include "platform/shared_memory.h"

namespace busbar {

struct Parcel {
  std::unique_ptr<SharedMemory> memory;
  std::uint64_t bytes = 0;
};

}  // namespace busbar
