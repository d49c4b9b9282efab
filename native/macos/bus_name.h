// BusName: a bus's name as this process has it open: its holder, and the number of the last
// generation. Both live while any process has the name open.
//
// The holder is one word: the number of its claim, which is also the number of its door, and the
// pid of the process that answers there.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/status.h"
#include "macos/bus_place.h"
#include "macos/notify_state.h"
#include "macos/port_right.h"

namespace busbar::macos_platform {

struct Holder {
  // 0: nobody holds the name.
  std::uint32_t number = 0;
  std::uint32_t pid = 0;
};

class BusName {
 public:
  [[nodiscard]] static Result<std::shared_ptr<const BusName>> open(std::string_view identifier);
  BusName(BusPlace place, NotifyState holder, NotifyState generation) noexcept;

  [[nodiscard]] const BusPlace& place() const noexcept { return place_; }
  [[nodiscard]] Holder holder() const noexcept;
  [[nodiscard]] Error set_holder(Holder holder) const noexcept;
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_.get(); }
  void set_generation(std::uint64_t generation) const noexcept;

 private:
  BusPlace place_;
  NotifyState holder_;
  NotifyState generation_;
};

// Becomes the only receiver of a service. WouldBlock: another process is.
[[nodiscard]] Result<ReceiveRight> check_in(const std::string& service);
// A right to send to a service. PeerGone: no service has that name.
[[nodiscard]] Result<SendRight> look_up(const std::string& service);

}  // namespace busbar::macos_platform
