// Spills that the receiver of one link has mapped.
#include "core/link/spill_lending.h"

#include <algorithm>
#include <utility>

namespace busbar {

bool SpillLending::hand_over(const Spill& spill) {
  // Mostly the one that was given last.
  if (std::find(known_.rbegin(), known_.rend(), spill.id()) != known_.rend()) return true;
  if (known_.size() >= kMaxKnownSpills && !forget_oldest()) {
    // More are in flight than this link accepted by itself: of a receiver that died.
    obligations_.await_taken();
    return false;
  }
  auto handle = spill.memory().share();
  if (!handle) {
    channel_.retry_later();
    return false;
  }
  const Handle* const handles[] = {&handle.value()};
  if (!channel_.send({LinkFrameKind::Spill, spill.id(), spill.memory().size()}, handles))
    return false;
  known_.push_back(spill.id());
  return true;
}

void SpillLending::forget(const std::vector<std::uint64_t>& ids) {
  for (const std::uint64_t id : ids) {
    if (std::erase(known_, id) != 0) channel_.queue({LinkFrameKind::ForgetSpill, id, 0});
  }
  (void)channel_.flush();
}

bool SpillLending::forget_oldest() {
  const auto oldest = std::find_if(known_.begin(), known_.end(), [this](std::uint64_t id) {
    return obligations_.find_spill(id) == nullptr;
  });
  if (oldest == known_.end()) return false;
  forget({*oldest});
  return true;
}

void SpillLending::on_lost(std::uint64_t id) noexcept {
  lost_ = id;
  repeats_later_ = true;
}

void SpillLending::repeat_lost() {
  if (lost_ == 0) return;
  if (std::exchange(repeats_later_, false)) {
    channel_.retry_later();
    return;
  }
  // Else it asks for what it was never sent, or asked twice and has it now.
  if (const Spill* spill = obligations_.find_spill(lost_); spill != nullptr) {
    std::erase(known_, lost_);
    if (!hand_over(*spill)) return;
  }
  lost_ = 0;
}

}  // namespace busbar
