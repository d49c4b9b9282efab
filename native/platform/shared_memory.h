// SharedMemory: one mapped piece of memory of fixed size that several processes see. Its size
// cannot change after creation, so no peer can truncate it under a reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/status.h"
#include "platform/handle.h"

namespace busbar {

enum class Access : std::uint8_t {
  ReadOnly,
  ReadWrite,
  // For adopting only: reads see the peer's bytes; a write goes to a private copy of the page,
  // which no longer shows the peer's changes. Never faults.
  PrivateCopy,
};

// Unmaps when destroyed. Any thread may access the bytes.
class SharedMemory {
 public:
  virtual ~SharedMemory() = default;
  // Page-aligned; valid until destruction.
  [[nodiscard]] virtual std::byte* data() const noexcept = 0;
  // The requested size, in bytes.
  [[nodiscard]] virtual std::size_t size() const noexcept = 0;
  // A new handle for a peer. ReadOnly: the kernel refuses the peer a writable mapping (the memory
  // must have been created with `peers` == ReadOnly).
  [[nodiscard]] virtual Result<Handle> share() const = 0;
  // True if `handle` leads to this memory. False after stop_sharing().
  [[nodiscard]] virtual bool is_same(const Handle& handle) const noexcept = 0;
  // Closes the creator's own descriptor early; the mapping stays. share() fails with Closed
  // afterwards.
  virtual void stop_sharing() noexcept = 0;
};

}  // namespace busbar
