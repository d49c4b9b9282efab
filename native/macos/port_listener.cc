// check in, accept, hand over.
#include "macos/port_listener.h"

#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "macos/port_channel.h"
#include "posix/file_descriptor.h"

namespace busbar::macos_platform {
namespace {

// How many visitors can wait: the system's maximum.
constexpr mach_port_msgcount_t kBacklog = MACH_PORT_QLIMIT_LARGE;
// How many meaningless messages one call skips.
constexpr int kMaxStrayVisits = 16;
// A state with a larger number was not written by us.
constexpr std::uint64_t kMaxGenerations = 1ULL << 48U;

Result<std::uint32_t> fresh_number(std::uint32_t former) {
  std::uint32_t number = 0;
  while (number == 0 || number == former) {
    if (::getentropy(&number, sizeof number) != 0) return posix::error_of(errno);
  }
  return number;
}

}  // namespace

PortListener::PortListener(std::shared_ptr<const BusName> name, std::uint32_t number,
                           std::shared_ptr<DoorPort> port,
                           std::unique_ptr<NotifyNameBell> bell) noexcept
    : name_(std::move(name)), number_(number), port_(std::move(port)), bell_(std::move(bell)) {}

Result<std::unique_ptr<Listener>> PortListener::open(std::shared_ptr<const BusName> name) {
  const BusName& bus = *name;
  const auto number = fresh_number(bus.holder().number);
  if (!number) return number.error();
  auto bell = NotifyNameBell::open(bus.place().bell(number.value()));
  if (!bell) return bell.error();
  auto port = check_in(bus.place().door(number.value()));
  if (!port) return port.error();
  if (const Error error = limit_queue(port.value(), kBacklog); !error.ok()) return error;
  auto listener = std::make_unique<PortListener>(
      std::move(name), number.value(), std::make_shared<DoorPort>(port.take()), bell.take());
  // The door is open before the name leads to it.
  const Error named = bus.set_holder({number.value(), static_cast<std::uint32_t>(::getpid())});
  if (!named.ok()) return named;
  return std::unique_ptr<Listener>(std::move(listener));
}

Result<std::unique_ptr<Channel>> PortListener::accept() {
  for (int i = 0; i < kMaxStrayVisits; ++i) {
    const mach_port_t port = port_->name();
    // The door was handed over.
    if (port == MACH_PORT_NULL) return Status::WouldBlock;
    auto message = receive_message(port);
    if (!message && message.status() == Status::ProtocolViolation) continue;
    if (!message) return message.error();
    auto channel = welcome(message.take());
    if (channel || channel.status() != Status::ProtocolViolation) return channel;
  }
  return Status::WouldBlock;
}

Result<Handle> PortListener::share() const { return own_object(Kind::Door, {}, {}, port_); }

bool PortListener::holds_name() const noexcept {
  return number_ != 0 && name_->holder().number == number_;
}

// Only the holder of the name writes the generation.
std::uint64_t PortListener::begin_generation(std::uint64_t at_least) noexcept {
  std::uint64_t last = name_->generation();
  if (last >= kMaxGenerations) last = 0;
  const std::uint64_t ours = std::max(at_least, last + 1);
  name_->set_generation(ours);
  return ours;
}

void PortListener::release_name(bool bus_ended) noexcept {
  const auto lock = check_in(name_->place().lock());
  if (!lock || !holds_name()) return;
  (void)name_->set_holder({});
  if (bus_ended) name_->set_generation(0);
}

}  // namespace busbar::macos_platform
