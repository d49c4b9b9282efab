// MachObject: what a Handle owns here when it is not a descriptor: port rights, and a word for
// their purpose. All kinds except a door can be copied; a door is in one place at a time.
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

// Messages to other processes carry these numbers.
enum class Kind : std::uint8_t {
  Descriptor = 1,
  // A memory entry.
  Memory = 2,
  // A right to send to the ringer of a doorbell, which learns there whom to ring.
  Bell = 3,
  // A right to send to the other end of a channel, and one to greet it.
  ChannelEnd = 4,
  // The port at which the holder of a name receives its visitors.
  Door = 5,
  // A port of the program, whose purpose only the program knows.
  Port = 6,
};

// The right to receive visitors; it moves to the process that the handle is sent to.
class DoorPort {
 public:
  explicit DoorPort(ReceiveRight port) noexcept : port_(std::move(port)) {}

  // MACH_PORT_NULL once the right has moved.
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
  // The memory entry, or the port to send to.
  SendRight first;
  // Of a channel's end: the port for greetings; may be null.
  SendRight second;
  std::shared_ptr<DoorPort> door;
  // How many handles own the object.
  std::atomic<std::uint32_t> owners{1};
};

// OutOfMemory.
[[nodiscard]] Result<Handle> own_object(Kind kind, SendRight first, SendRight second = {},
                                        std::shared_ptr<DoorPort> door = nullptr);
// The handle still owns it; nullptr when the handle is empty or a descriptor.
[[nodiscard]] MachObject* object_in(const Handle& handle) noexcept;
// As above, but nullptr when it is of another kind.
[[nodiscard]] MachObject* object_in(const Handle& handle, Kind kind) noexcept;
// Another handle to the same object or descriptor.
[[nodiscard]] Result<Handle> duplicate_handle(const Handle& handle);

// Copies a send right of the program, which keeps its own. InvalidArgument when it has none.
[[nodiscard]] Result<Handle> duplicate_port(std::intptr_t name);
// As the Platform functions of these names.
[[nodiscard]] ObjectName name_of(const Handle& handle) noexcept;
[[nodiscard]] Result<ObjectName> give_away(Handle& handle);

}  // namespace busbar::macos_platform
