// Handles as rights of a message. The bytes of the message begin with the number of handles and the
// kind of each.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/status.h"
#include "macos/mach_message.h"
#include "macos/mach_object.h"
#include "platform/channel.h"

namespace busbar::macos_platform {

// Handles to be sent. Descriptors travel as file ports, which this object owns.
class OutgoingHandles {
 public:
  // InvalidArgument for an empty handle.
  [[nodiscard]] Error add(const Handle& handle);
  [[nodiscard]] std::span<OutgoingRight> rights() noexcept { return rights_; }
  [[nodiscard]] const std::vector<std::byte>& kinds() const noexcept { return kinds_; }
  // Call after sending, with the outcome: a door that was not sent returns to its owner.
  void settle(bool sent) noexcept;

 private:
  struct MovingDoor {
    std::size_t index;
    std::shared_ptr<DoorPort> owner;
    ReceiveRight port;
  };
  void add_right(mach_port_t name, Kind kind);

  std::vector<OutgoingRight> rights_;
  std::vector<std::byte> kinds_;
  std::vector<SendRight> file_ports_;
  std::vector<MovingDoor> doors_;
};

// The handles that `message` brought. ProtocolViolation when rights and kinds do not match;
// OutOfDescriptors when there is no room for a descriptor.
[[nodiscard]] Result<std::vector<Handle>> take_handles(std::vector<ReceivedRight> rights,
                                                       std::span<const std::byte> kinds);

}  // namespace busbar::macos_platform
