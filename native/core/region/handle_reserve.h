// HandleReserve: handles that a controller holds for nothing but to let go of them. When its
// process has used up all others, say for messages with objects that wait for the very introduction
// it is to pass on, there is room for that introduction.
#pragma once

#include <cstddef>
#include <vector>

#include "platform/platform.h"

namespace busbar {

class HandleReserve {
 public:
  // Takes as many as an introduction brings, or as many as there are.
  void fill(Platform& platform, const Handle& any) {
    while (handles_.size() < kHandles) {
      auto copy = platform.duplicate(any);
      if (!copy) return;
      handles_.push_back(copy.take());
    }
  }
  void let_go() noexcept { handles_.clear(); }

 private:
  static constexpr std::size_t kHandles = 4;
  std::vector<Handle> handles_;
};

}  // namespace busbar
