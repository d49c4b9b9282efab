// bootstrap_check_in, bootstrap_look_up.
#include "macos/bus_name.h"

#include <utility>

#include "macos/mach_error.h"

namespace busbar::macos_platform {

Result<std::shared_ptr<const BusName>> BusName::open(std::string_view identifier) {
  BusPlace place(identifier);
  auto holder = NotifyState::open(place.holder());
  if (!holder) return holder.error();
  auto generation = NotifyState::open(place.generation());
  if (!generation) return generation.error();
  return std::shared_ptr<const BusName>(
      std::make_shared<BusName>(std::move(place), holder.take(), generation.take()));
}

BusName::BusName(BusPlace place, NotifyState holder, NotifyState generation) noexcept
    : place_(std::move(place)), holder_(std::move(holder)), generation_(std::move(generation)) {}

Holder BusName::holder() const noexcept {
  const std::uint64_t word = holder_.get();
  return {static_cast<std::uint32_t>(word >> 32U), static_cast<std::uint32_t>(word)};
}

Error BusName::set_holder(Holder holder) const noexcept {
  return holder_.set(std::uint64_t{holder.number} << 32U | holder.pid);
}

void BusName::set_generation(std::uint64_t generation) const noexcept {
  // If this fails, a successor that never heard of us may reuse our number: no reason to refuse the
  // office.
  (void)generation_.set(generation);
}

Result<ReceiveRight> check_in(const std::string& service) {
  mach_port_t port = MACH_PORT_NULL;
  const kern_return_t code = bootstrap_check_in(bootstrap_port, service.c_str(), &port);
  if (code == kBootstrapServiceActive) return Error{Status::WouldBlock, code};
  if (code != KERN_SUCCESS) return Error{Status::Permission, code};
  return ReceiveRight(port);
}

Result<SendRight> look_up(const std::string& service) {
  mach_port_t port = MACH_PORT_NULL;
  const kern_return_t code = bootstrap_look_up(bootstrap_port, service.c_str(), &port);
  if (code == kBootstrapUnknownService) return Error{Status::PeerGone, code};
  if (code != KERN_SUCCESS) return Error{Status::Permission, code};
  return SendRight(port);
}

}  // namespace busbar::macos_platform
