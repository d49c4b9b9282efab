// notify_register_check, notify_get_state, notify_set_state.
#include "macos/notify_state.h"

#include "macos/mach_api.h"

namespace busbar::macos_platform {

Result<NotifyState> NotifyState::open(const std::string& name) {
  int token = -1;
  const std::uint32_t code = notify_register_check(name.c_str(), &token);
  if (code != kNotifyOk) return Error{Status::System, static_cast<std::int32_t>(code)};
  return NotifyState(token);
}

NotifyState::~NotifyState() {
  if (token_ >= 0) notify_cancel(token_);
}

std::uint64_t NotifyState::get() const noexcept {
  std::uint64_t state = 0;
  return notify_get_state(token_, &state) == kNotifyOk ? state : 0;
}

Error NotifyState::set(std::uint64_t state) const noexcept {
  const std::uint32_t code = notify_set_state(token_, state);
  return code == kNotifyOk ? Error{} : Error{Status::System, static_cast<std::int32_t>(code)};
}

}  // namespace busbar::macos_platform
