// The election: connect where the name leads, else take the name under the lock.
#include "macos/bootstrap_rendezvous.h"

#include <unistd.h>

#include <utility>

#include "macos/bus_name.h"
#include "macos/notify_name_bell.h"
#include "macos/port_channel.h"
#include "macos/port_listener.h"

namespace busbar::macos_platform {
namespace {

class BootstrapRendezvous final : public Rendezvous {
 public:
  explicit BootstrapRendezvous(std::shared_ptr<const BusName> name) noexcept
      : name_(std::move(name)) {}

  [[nodiscard]] Result<std::unique_ptr<Channel>> connect() override {
    const Holder holder = name_->holder();
    if (holder.number == 0) return Status::NoController;
    auto door = look_up(name_->place().door(holder.number));
    if (!door) return door.error();
    // Only processes of this user can write the name's state, so the holder is of this user.
    return visit(door.value(), {holder.pid, static_cast<std::uint64_t>(::geteuid())});
  }

  [[nodiscard]] Result<std::unique_ptr<Listener>> claim() override {
    const auto lock = check_in(name_->place().lock());
    if (!lock) return lock.error();
    if (const Holder holder = name_->holder(); holder.number != 0) {
      const auto door = look_up(name_->place().door(holder.number));
      if (door) return Status::WouldBlock;
      if (door.status() != Status::PeerGone) return door.error();
    }
    return PortListener::open(name_);
  }

  [[nodiscard]] Result<std::unique_ptr<Listener>> depose(std::uint64_t holder) override {
    const auto lock = check_in(name_->place().lock());
    if (!lock) return lock.error();
    const Holder former = name_->holder();
    if (former.number == 0 || former.number != holder) return Status::WouldBlock;
    auto bell = NotifyNameBell::open(name_->place().bell(former.number));
    if (!bell) return bell.error();
    auto listener = PortListener::open(name_);
    if (listener) bell.value()->ring();
    return listener;
  }

  [[nodiscard]] std::uint64_t holder() const noexcept override { return name_->holder().number; }

  [[nodiscard]] Result<std::unique_ptr<NameBell>> open_bell() override {
    const Holder holder = name_->holder();
    if (holder.number == 0) return Status::NoController;
    auto bell = NotifyNameBell::open(name_->place().bell(holder.number));
    if (!bell) return bell.error();
    return std::unique_ptr<NameBell>(bell.take());
  }

 private:
  std::shared_ptr<const BusName> name_;
};

}  // namespace

Result<std::unique_ptr<Rendezvous>> open_bootstrap_rendezvous(std::string_view identifier) {
  auto name = BusName::open(identifier);
  if (!name) return name.error();
  return std::unique_ptr<Rendezvous>(std::make_unique<BootstrapRendezvous>(name.take()));
}

}  // namespace busbar::macos_platform
