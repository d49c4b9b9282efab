// Owning Mach rights: a name in this task's space that is given back once. A task has one name for
// a port, whatever rights it has on it; each kind of right is counted and given back by itself.
#pragma once

#include <utility>

#include "base/status.h"
#include "macos/mach_api.h"

namespace busbar::macos_platform {

// One reference to a right that `Release` gives back.
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
  // Still owned by this.
  [[nodiscard]] mach_port_t name() const noexcept { return name_; }
  // Owned by the caller from now on.
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
// A right to send there.
[[nodiscard]] Result<SendRight> make_send(const ReceiveRight& port);
[[nodiscard]] Result<SendRight> copy_send(const SendRight& right);
// A set that is ready when `port` has a message: what a kqueue can watch.
[[nodiscard]] Result<PortSet> set_of(mach_port_t port);
// Has the kernel send MACH_NOTIFY_NO_SENDERS to the port itself once nobody can send to it; behind
// what was sent before. After the one right to send was made.
[[nodiscard]] Error tell_of_no_senders(const ReceiveRight& port);

}  // namespace busbar::macos_platform
