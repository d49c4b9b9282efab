// CreateEvent and SetEvent.
#include "windows/event_doorbell.h"

#include <utility>

#include "windows/windows_api.h"

namespace busbar::windows_platform {
namespace {

// A listener must sleep on the event, reset it, and check its type.
constexpr DWORD kQueryState = 0x0001;  // EVENT_QUERY_STATE, which not every header has
constexpr DWORD kListenerRights = SYNCHRONIZE | EVENT_MODIFY_STATE | kQueryState;

class EventDoorbell final : public Doorbell {
 public:
  explicit EventDoorbell(Handle event) noexcept : event_(std::move(event)) {}

  void ring() noexcept override { ::SetEvent(borrow_handle(event_)); }
  [[nodiscard]] Result<Handle> share() const override {
    return duplicate_handle(borrow_handle(event_), kListenerRights);
  }

 private:
  Handle event_;
};

}  // namespace

Result<std::unique_ptr<Doorbell>> create_event_doorbell() {
  Result<Handle> event = create_event(false);
  if (!event) return event.error();
  return std::unique_ptr<Doorbell>(std::make_unique<EventDoorbell>(event.take()));
}

Result<Handle> create_event(bool signaled) {
  const HANDLE raw = ::CreateEventW(nullptr, TRUE, signaled ? TRUE : FALSE, nullptr);
  if (raw == nullptr) return last_error();
  return own_handle(raw);
}

}  // namespace busbar::windows_platform
