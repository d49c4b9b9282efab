// MachObject: what a Handle owns here when it is not a descriptor: rights to ports, with a word
// that says what for. All but a door can be copied; a door is in one place at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/status.h"
#include "macos/port_right.h"
#include "platform/handle.h"
#include "platform/object_name.h"

namespace busbar::macos_platform {

// As it is told to another process.
enum class Kind : std::uint8_t {
  Descriptor = 1,
  // A memory entry.
  Memory = 2,
  // Where the ringer of a doorbell learns whom to ring.
  Bell = 3,
  // Where the other end of a channel receives, and where it learns who sends.
  ChannelEnd = 4,
  // Where the holder of a name receives its visitors.
  Door = 5,
  // Of a program's own: what for, it knows.
  Port = 6,
};

// The right to receive visitors, which moves to the process that the handle is sent to.
class DoorPort {
 public:
  explicit DoorPort(ReceiveRight port) noexcept : port_(std::move(port)) {}

  // MACH_PORT_NULL once it has moved.
  [[nodiscard]] mach_port_t name() const noexcept {
    const std::lock_guard guard(mutex_);
    return port_.name();
  }
  [[nodiscard]] ReceiveRight take() noexcept {
    const std::lock_guard guard(mutex_);
    return std::move(port_);
  }
  void put_back(ReceiveRight port) noexcept {
    const std::lock_guard guard(mutex_);
    port_ = std::move(port);
  }

 private:
  mutable std::mutex mutex_;
  ReceiveRight port_;
};

struct MachObject {
  Kind kind = Kind::Memory;
  // The memory entry, or where to send.
  SendRight first;
  // Of a channel's end: where greetings go; may be null.
  SendRight second;
  std::shared_ptr<DoorPort> door;
  // The handles that own it.
  std::atomic<std::uint32_t> owners{1};
};

// OutOfMemory.
[[nodiscard]] Result<Handle> own_object(Kind kind, SendRight first, SendRight second = {},
                                        std::shared_ptr<DoorPort> door = nullptr);
// Still owned by the handle; nullptr when it is a descriptor, or nothing.
[[nodiscard]] MachObject* object_in(const Handle& handle) noexcept;
// The same, but nullptr when it is of another kind.
[[nodiscard]] MachObject* object_in(const Handle& handle, Kind kind) noexcept;
// Another handle on the same object, or descriptor.
[[nodiscard]] Result<Handle> duplicate_handle(const Handle& handle);

// A right of the program to send there, which it keeps. InvalidArgument when it has none.
[[nodiscard]] Result<Handle> duplicate_port(std::intptr_t name);
// As the platform's functions of these names.
[[nodiscard]] ObjectName name_of(const Handle& handle) noexcept;
[[nodiscard]] Result<ObjectName> give_away(Handle& handle);

}  // namespace busbar::macos_platform
