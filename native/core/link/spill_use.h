// SpillUse: in which spills the messages of one link lie that its receiver has not taken: how many
// messages in each, so that spills can be counted and found without a look at every message. Every
// call with the endpoint's lock held.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/link/spill.h"

namespace busbar {

class SpillUse {
 public:
  // A message lies in `spill`, which is not destroyed before remove().
  void add(const Spill& spill) {
    // Mostly where the message before lies.
    const auto found = std::find_if(uses_.rbegin(), uses_.rend(),
                                    [&spill](const Use& use) { return use.spill == &spill; });
    if (found != uses_.rend()) {
      ++found->messages;
      return;
    }
    uses_.push_back({&spill, 1});
    ++(spill.shared() ? shared_ : single_);
  }

  void remove(const Spill& spill) noexcept {
    const auto found = std::find_if(uses_.begin(), uses_.end(),
                                    [&spill](const Use& use) { return use.spill == &spill; });
    if (found == uses_.end() || --found->messages != 0) return;
    --(spill.shared() ? shared_ : single_);
    uses_.erase(found);
  }

  // nullptr: no message lies in it.
  [[nodiscard]] const Spill* find(std::uint64_t id) const noexcept {
    const auto found = std::find_if(uses_.begin(), uses_.end(),
                                    [id](const Use& use) { return use.spill->id() == id; });
    return found == uses_.end() ? nullptr : found->spill;
  }

  // Spills of one payload, and those of several.
  [[nodiscard]] std::size_t single() const noexcept { return single_; }
  [[nodiscard]] std::size_t shared() const noexcept { return shared_; }

  void clear() noexcept {
    uses_.clear();
    single_ = 0;
    shared_ = 0;
  }

 private:
  struct Use {
    const Spill* spill = nullptr;
    std::uint64_t messages = 0;
  };
  std::vector<Use> uses_;
  std::size_t single_ = 0;
  std::size_t shared_ = 0;
};

}  // namespace busbar
