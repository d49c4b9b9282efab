// NameBell as a named event that stays signaled until quiet().
#pragma once

#include <memory>

#include "platform/rendezvous.h"
#include "windows/bus_place.h"
#include "windows/kernel_handle.h"

namespace busbar::windows_platform {

class EventNameBell final : public NameBell {
 public:
  EventNameBell(Handle event, std::uint64_t holder) noexcept;
  // The bell of `holder`; it exists while any process has it open.
  [[nodiscard]] static Result<std::unique_ptr<EventNameBell>> open(const BusPlace& place,
                                                                   std::uint64_t holder);

  void ring() noexcept override;
  [[nodiscard]] bool is_rung() const noexcept override;
  [[nodiscard]] bool is_same(const NameBell& other) const noexcept override;
  void quiet() noexcept override;

  [[nodiscard]] RawHandle borrow_event() const noexcept { return borrow_handle(event_); }

 private:
  Handle event_;
  std::uint64_t holder_;
};

}  // namespace busbar::windows_platform
