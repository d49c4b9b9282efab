// ReactorTurns: whether an endpoint's reactor may be used now: only by the control thread, and only
// while it has the endpoint's lock. check_turns() makes a reactor that checks this, in builds for
// debugging and with sanitizers (BUSBAR_CHECKED); other builds neither check nor pay.
#pragma once

#include <functional>
#include <memory>

#include "platform/reactor.h"

namespace busbar {

#if defined(BUSBAR_CHECKED)
inline constexpr bool kChecked = true;
#else
inline constexpr bool kChecked = false;
#endif

// Every call with the endpoint's lock held.
class ReactorTurns {
 public:
  // The control thread has taken the lock; it is about to release it.
  void begin() noexcept { in_turn_ = true; }
  void end() noexcept { in_turn_ = false; }
  [[nodiscard]] bool in_turn() const noexcept { return in_turn_; }

 private:
  // Until the control thread runs, and once it has ended, the program's thread does its work.
  bool in_turn_ = true;
};

// Calls `on_wrong` for each call out of turn, then passes it on. `turns` outlives it.
[[nodiscard]] std::unique_ptr<Reactor> check_turns(std::unique_ptr<Reactor> reactor,
                                                   const ReactorTurns& turns,
                                                   std::function<void()> on_wrong);

}  // namespace busbar
