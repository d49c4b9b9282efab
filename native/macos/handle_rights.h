// Handles as rights of a message. The bytes of such a message begin with the number of handles and
// the kind of each.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/status.h"
#include "macos/mach_message.h"
#include "macos/mach_object.h"
#include "platform/channel.h"

namespace busbar::macos_platform {

// Handles on their way out. Descriptors go as file ports, which this owns.
class OutgoingHandles {
 public:
  // InvalidArgument when one holds nothing.
  [[nodiscard]] Error add(const Handle& handle);
  [[nodiscard]] std::span<OutgoingRight> rights() noexcept { return rights_; }
  [[nodiscard]] const std::vector<std::byte>& kinds() const noexcept { return kinds_; }
  // After the message was sent, or not: a door that has not moved goes back to its owner.
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

// The handles that `message` has brought. ProtocolViolation when rights and kinds do not agree;
// OutOfDescriptors when there is no room for a descriptor.
[[nodiscard]] Result<std::vector<Handle>> take_handles(std::vector<ReceivedRight> rights,
                                                       std::span<const std::byte> kinds);

}  // namespace busbar::macos_platform
