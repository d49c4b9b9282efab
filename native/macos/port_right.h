// Owning Mach rights: a name in this task's port space that is released once. A task has one name
// per port, whatever rights it has; each kind of right is counted and released separately.
#pragma once

#include <utility>

#include "base/status.h"
#include "macos/mach_api.h"

namespace busbar::macos_platform {

// One reference to a right; `Release` releases it.
template <void (*Release)(mach_port_t) noexcept>
class PortRight {
 public:
  PortRight() noexcept = default;
  explicit PortRight(mach_port_t name) noexcept : name_(name) {}
  PortRight(PortRight&& other) noexcept : name_(other.take()) {}
  PortRight& operator=(PortRight&& other) noexcept {
    if (this != &other) {
      reset();
      name_ = other.take();
    }
    return *this;
  }
  PortRight(const PortRight&) = delete;
  PortRight& operator=(const PortRight&) = delete;
  ~PortRight() { reset(); }

  [[nodiscard]] bool valid() const noexcept { return MACH_PORT_VALID(name_); }
  // This object still owns the right.
  [[nodiscard]] mach_port_t name() const noexcept { return name_; }
  // The caller owns the right from now on.
  [[nodiscard]] mach_port_t take() noexcept { return std::exchange(name_, MACH_PORT_NULL); }
  void reset() noexcept {
    if (valid()) Release(name_);
    name_ = MACH_PORT_NULL;
  }

 private:
  mach_port_t name_ = MACH_PORT_NULL;
};

void release_send(mach_port_t name) noexcept;
void release_receive(mach_port_t name) noexcept;
void release_set(mach_port_t name) noexcept;

using SendRight = PortRight<release_send>;
using ReceiveRight = PortRight<release_receive>;
using PortSet = PortRight<release_set>;

// A port whose queue holds `limit` messages.
[[nodiscard]] Result<ReceiveRight> create_port(mach_port_msgcount_t limit);
[[nodiscard]] Error limit_queue(const ReceiveRight& port, mach_port_msgcount_t limit);
// A right to send to `port`.
[[nodiscard]] Result<SendRight> make_send(const ReceiveRight& port);
[[nodiscard]] Result<SendRight> copy_send(const SendRight& right);
// A set that is ready when `port` has a message; a kqueue can watch it.
[[nodiscard]] Result<PortSet> set_of(mach_port_t port);
// Asks the kernel to send MACH_NOTIFY_NO_SENDERS to the port, behind all earlier messages, once no
// send right is left. Call after the send right was made.
[[nodiscard]] Error tell_of_no_senders(const ReceiveRight& port);

}  // namespace busbar::macos_platform
