// SharedMemory: one mapped piece of memory of fixed size that several processes see.
// The size can never change after creation, so a mapping cannot be cut off under a reader.
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
  // For adopting only: the peer's bytes can be read, and what is written goes to pages of this
  // mapping's own, which from then on show the peer's changes no more. Never faults.
  PrivateCopy,
};

// Unmaps when destroyed. Any thread may touch the bytes.
class SharedMemory {
 public:
  virtual ~SharedMemory() = default;
  // Page-aligned; valid until destruction.
  [[nodiscard]] virtual std::byte* data() const noexcept = 0;
  // The requested size, in bytes.
  [[nodiscard]] virtual std::size_t size() const noexcept = 0;
  // A handle of its own for a peer. ReadOnly: the kernel refuses the peer a writable mapping
  // (the memory must have been created with `peers` == ReadOnly).
  [[nodiscard]] virtual Result<Handle> share() const = 0;
  // Whether a handle leads to this very memory. False after stop_sharing().
  [[nodiscard]] virtual bool is_same(const Handle& handle) const noexcept = 0;
  // Gives the creator's own descriptor back early; the mapping stays. share() fails with Closed
  // from then on.
  virtual void stop_sharing() noexcept = 0;
};

}  // namespace busbar
