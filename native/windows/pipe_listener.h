// Listener as the server's ends of a named pipe; an end that got a visitor is replaced at once.
#pragma once

#include <memory>

#include "platform/rendezvous.h"
#include "windows/bus_place.h"
#include "windows/event_name_bell.h"
#include "windows/kernel_handle.h"

namespace busbar::windows_platform {

class PipeDoor;

class PipeListener final : public Listener {
 public:
  // Takes the name. The caller holds the lock and has checked that the name may be taken.
  [[nodiscard]] static Result<std::unique_ptr<Listener>> take_name(
      std::shared_ptr<const BusPlace> place);
  PipeListener(std::shared_ptr<const BusPlace> place, std::uint64_t number,
               std::unique_ptr<EventNameBell> bell, std::unique_ptr<PipeDoor> door) noexcept;
  ~PipeListener() override;

  [[nodiscard]] Result<std::unique_ptr<Channel>> accept() override;
  [[nodiscard]] Result<Handle> share() const override;
  [[nodiscard]] std::uint64_t begin_generation(std::uint64_t at_least) noexcept override;
  [[nodiscard]] bool holds_name() const noexcept override;
  void release_name(bool bus_ended) noexcept override;

  // For the reactor: signaled when accept() has a result.
  [[nodiscard]] RawHandle visitor_event() const noexcept;

 private:
  std::shared_ptr<const BusPlace> place_;
  std::uint64_t number_;
  std::unique_ptr<EventNameBell> bell_;
  std::unique_ptr<PipeDoor> door_;
};

}  // namespace busbar::windows_platform
