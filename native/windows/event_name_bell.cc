// A named event.
#include "windows/event_name_bell.h"

#include <utility>

#include "windows/user_identity.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {

EventNameBell::EventNameBell(Handle event, std::uint64_t holder) noexcept
    : event_(std::move(event)), holder_(holder) {}

Result<std::unique_ptr<EventNameBell>> EventNameBell::open(const BusPlace& place,
                                                           std::uint64_t holder) {
  PrivateAccess access;
  auto* attributes = static_cast<SECURITY_ATTRIBUTES*>(access.attributes());
  if (attributes == nullptr) return Status::OutOfMemory;
  const HANDLE event = ::CreateEventA(attributes, TRUE, FALSE, place.bell_of(holder).c_str());
  if (event == nullptr) return last_error();
  return std::make_unique<EventNameBell>(own_handle(event), holder);
}

void EventNameBell::ring() noexcept { ::SetEvent(borrow_event()); }

bool EventNameBell::is_rung() const noexcept {
  return ::WaitForSingleObject(borrow_event(), 0) == WAIT_OBJECT_0;
}

bool EventNameBell::is_same(const NameBell& other) const noexcept {
  return holder_ == static_cast<const EventNameBell&>(other).holder_;
}

void EventNameBell::quiet() noexcept { ::ResetEvent(borrow_event()); }

}  // namespace busbar::windows_platform
