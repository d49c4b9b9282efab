// Listener on the port of a bootstrap service, one service per claim of the name: a stopped process
// keeps its own service while another process holds the name.
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
  // Makes a new door and lets the name lead to it. The caller holds the lock of the name and has
  // checked that it may be taken.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> open(std::shared_ptr<const BusName> name);

  PortListener(std::shared_ptr<const BusName> name, std::uint32_t number,
               std::shared_ptr<DoorPort> port, std::unique_ptr<NotifyNameBell> bell) noexcept;

  [[nodiscard]] Result<std::unique_ptr<Channel>> accept() override;
  [[nodiscard]] Result<Handle> share() const override;
  [[nodiscard]] std::uint64_t begin_generation(std::uint64_t at_least) noexcept override;
  [[nodiscard]] bool holds_name() const noexcept override;
  // Leaves the name set when another process is claiming it; that claim, or the next, replaces it.
  void release_name(bool bus_ended) noexcept override;

  [[nodiscard]] mach_port_t borrow_port() const noexcept { return port_->name(); }

 private:
  std::shared_ptr<const BusName> name_;
  std::uint32_t number_;
  std::shared_ptr<DoorPort> port_;
  // Kept for the holder's whole life, so that its state (rung or not) lasts as long.
  std::unique_ptr<NotifyNameBell> bell_;
};

}  // namespace busbar::macos_platform
