// NameBell by a notification: its state says whether the bell is rung, and posting it wakes the
// listeners.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "macos/mach_api.h"
#include "macos/notify_state.h"
#include "platform/rendezvous.h"

namespace busbar::macos_platform {

class NotifyNameBell final : public NameBell {
 public:
  [[nodiscard]] static Result<std::unique_ptr<NotifyNameBell>> open(std::string name);
  NotifyNameBell(std::string name, mach_port_t port, NotifyState state) noexcept;

  void ring() noexcept override;
  [[nodiscard]] bool is_rung() const noexcept override;
  [[nodiscard]] bool is_same(const NameBell& other) const noexcept override;
  void quiet() noexcept override;

  // Has a message when the bell was rung since the last quiet() or hear().
  [[nodiscard]] mach_port_t borrow_port() const noexcept { return port_; }
  void hear() const noexcept;

 private:
  std::string name_;
  // Owned by the registration.
  mach_port_t port_;
  NotifyState state_;
};

}  // namespace busbar::macos_platform
