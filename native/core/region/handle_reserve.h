// HandleReserve: spare handles that a controller closes when it needs room for others. When its
// process has used up all others, say for messages with objects that wait for the very introduction
// it must pass on, closing the reserve makes room for that introduction.
#pragma once

#include <cstddef>
#include <vector>

#include "platform/platform.h"

namespace busbar {

class HandleReserve {
 public:
  // Duplicates `any` as often as an introduction needs handles, or until the limit is reached.
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
