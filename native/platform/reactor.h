// Reactor: the event loop of one control thread. Reports which channels, listeners and processes
// need attention.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>

#include "base/status.h"
#include "platform/channel.h"
#include "platform/rendezvous.h"

namespace busbar {

// Monotonic time; the same clock in every process of the machine.
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

struct Readiness {
  std::uint64_t token = 0;
  // Something to receive or accept, the peer is gone, or the watched process ended.
  bool readable = false;
  // A send that would have blocked can be retried. Reported once per request.
  bool writable = false;
};

// All calls from the owning thread, except wake(), which any thread may call.
class Reactor {
 public:
  virtual ~Reactor() = default;
  // Watches for readability until forget(). The caller chooses the tokens: unique and not 0.
  [[nodiscard]] virtual Error watch(const Channel& channel, std::uint64_t token) = 0;
  // Also readable when the kernel reports a change of the name: call holds_name().
  [[nodiscard]] virtual Error watch(const Listener& listener, std::uint64_t token) = 0;
  // Readable while the bell is rung.
  [[nodiscard]] virtual Error watch(const NameBell& bell, std::uint64_t token) = 0;
  // Readable once the process has ended; at once when there is no such process.
  [[nodiscard]] virtual Error watch_process(std::uint32_t pid, std::uint64_t token) = 0;
  // Asks for one `writable`.
  virtual void want_writable(std::uint64_t token) noexcept = 0;
  // Until resume(), no `readable` is needed for what comes on this channel, only for its end. Saves
  // the owner wake-ups; a platform that cannot save them goes on reporting.
  virtual void pause(std::uint64_t token) noexcept { (void)token; }
  // What came meanwhile is reported now.
  virtual void resume(std::uint64_t token) noexcept { (void)token; }
  // Must be called before the channel, listener or bell is destroyed.
  virtual void forget(std::uint64_t token) noexcept = 0;
  // Sleeps until something is ready, wake() was called or `deadline` passed (nullopt: no deadline).
  // Readiness is level-triggered: what is not handled is reported again.
  [[nodiscard]] virtual std::size_t wait(std::optional<TimePoint> deadline,
                                         std::span<Readiness> out_ready) = 0;
  // Ends the current or next wait() early. Any thread.
  virtual void wake() noexcept = 0;
};

}  // namespace busbar
