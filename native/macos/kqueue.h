// Kqueue: what doorbell sets and reactors sleep on. Watches port sets and processes; any thread can
// wake it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include "base/status.h"
#include "macos/mach_api.h"
#include "macos/port_right.h"
#include "platform/handle.h"
#include "platform/reactor.h"

namespace busbar::macos_platform {

class Kqueue {
 public:
  [[nodiscard]] static Result<Kqueue> create();

  // Ready, with `token`, while a port of the set has a message.
  [[nodiscard]] Error watch(const PortSet& set, std::uint64_t token);
  // Ready once, with the pid as its ident, when the process has ended. False: it had ended before.
  [[nodiscard]] Result<bool> watch_process(std::uint32_t pid);
  void forget_process(std::uint32_t pid) noexcept;
  // Makes it ready once, by a user event.
  void wake() noexcept;
  // Returns the number of events; 0 at the deadline (nullopt: none) or after a signal.
  [[nodiscard]] std::size_t wait(std::optional<TimePoint> deadline,
                                 std::span<struct kevent> out_events) noexcept;

  [[nodiscard]] int borrow() const noexcept;

  [[nodiscard]] static bool is_wake(const struct kevent& event) noexcept {
    return event.filter == EVFILT_USER;
  }
  [[nodiscard]] static bool is_process(const struct kevent& event) noexcept {
    return event.filter == EVFILT_PROC;
  }
  [[nodiscard]] static std::uint64_t token_of(const struct kevent& event) noexcept {
    return static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(event.udata));
  }

 private:
  explicit Kqueue(Handle queue) noexcept;
  Handle queue_;
};

}  // namespace busbar::macos_platform
