// Listener on the port of a bootstrap service, one for each time in office: the service of a
// process that is stopped goes on to be its own while another one holds the name.
#pragma once

#include <memory>

#include "base/status.h"
#include "macos/bus_name.h"
#include "macos/mach_object.h"
#include "macos/notify_name_bell.h"
#include "platform/rendezvous.h"

namespace busbar::macos_platform {

class PortListener final : public Listener {
 public:
  // A new door, to which the name leads from now on. The caller has the lock of the name and has
  // made sure that it leads to nobody whom it should not be taken from.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> open(std::shared_ptr<const BusName> name);

  PortListener(std::shared_ptr<const BusName> name, std::uint32_t number,
               std::shared_ptr<DoorPort> port, std::unique_ptr<NotifyNameBell> bell) noexcept;

  [[nodiscard]] Result<std::unique_ptr<Channel>> accept() override;
  [[nodiscard]] Result<Handle> share() const override;
  [[nodiscard]] std::uint64_t begin_generation(std::uint64_t at_least) noexcept override;
  [[nodiscard]] bool holds_name() const noexcept override;
  // Leaves the name when somebody is just trying to claim it; that claim, or the next, replaces it.
  void release_name(bool bus_ended) noexcept override;

  [[nodiscard]] mach_port_t borrow_port() const noexcept { return port_->name(); }

 private:
  std::shared_ptr<const BusName> name_;
  std::uint32_t number_;
  std::shared_ptr<DoorPort> port_;
  // Rung or not, it is remembered as long as its holder lives.
  std::unique_ptr<NotifyNameBell> bell_;
};

}  // namespace busbar::macos_platform
