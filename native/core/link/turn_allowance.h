// TurnAllowance: how many frames one turn under the lock still takes from the channels of links,
// from all of them together. A peer can send as fast as we read; what a turn leaves on a channel
// stays there, and the next turn takes it. Every call with the endpoint's lock held.
#pragma once

#include <cstddef>

namespace busbar {

class TurnAllowance {
 public:
  // At most 30 µs each, for one that brings memory to be mapped: 8 ms in all.
  static constexpr std::size_t kFrames = 256;
  // Of one link at a time, so that the others have their turn as well.
  static constexpr std::size_t kFramesOfLink = 32;

  // Another turn begins.
  void renew() noexcept { left_ = kFrames; }
  // One more frame; false when this turn takes no more.
  [[nodiscard]] bool take() noexcept {
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  std::size_t left_ = kFrames;
};

}  // namespace busbar
