// notify_register_mach_port, notify_post.
#include "macos/notify_name_bell.h"

#include <utility>

#include "macos/mach_message.h"

namespace busbar::macos_platform {
namespace {

constexpr std::uint64_t kRung = 1;
// Bounded: another process may ring faster than we read.
constexpr int kMaxHeard = 64;

}  // namespace

Result<std::unique_ptr<NotifyNameBell>> NotifyNameBell::open(std::string name) {
  mach_port_t port = MACH_PORT_NULL;
  int token = -1;
  const std::uint32_t code = notify_register_mach_port(name.c_str(), &port, 0, &token);
  if (code != kNotifyOk) return Error{Status::System, static_cast<std::int32_t>(code)};
  return std::make_unique<NotifyNameBell>(std::move(name), port, NotifyState(token));
}

NotifyNameBell::NotifyNameBell(std::string name, mach_port_t port, NotifyState state) noexcept
    : name_(std::move(name)), port_(port), state_(std::move(state)) {}

void NotifyNameBell::ring() noexcept {
  // State first, for listeners that check it when the notification wakes them.
  (void)state_.set(kRung);
  notify_post(name_.c_str());
}

bool NotifyNameBell::is_rung() const noexcept { return state_.get() == kRung; }

bool NotifyNameBell::is_same(const NameBell& other) const noexcept {
  return static_cast<const NotifyNameBell&>(other).name_ == name_;
}

void NotifyNameBell::quiet() noexcept {
  (void)state_.set(0);
  hear();
}

void NotifyNameBell::hear() const noexcept {
  for (int i = 0; i < kMaxHeard; ++i) {
    if (receive_message(port_).status() == Status::WouldBlock) return;
  }
}

}  // namespace busbar::macos_platform
