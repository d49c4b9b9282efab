// What single messages of a link came to.
#include "core/link/acknowledgements.h"

#include <algorithm>

namespace busbar {

bool Acknowledgements::say(RingConsumer& ring, std::uint64_t position, Status status) {
  if (!ring.write_outcome(position, status)) return false;
  news_ = true;
  return true;
}

void Acknowledgements::settle(RingConsumer& ring, std::uint64_t position, Status status) {
  const auto found = std::lower_bound(
      open_.begin(), open_.end(), position,
      [](const Entry& entry, std::uint64_t wanted) { return entry.position < wanted; });
  if (found == open_.end() || found->position != position) {
    if (status == Status::Ok) return;
    if (!refused_.empty() || !say(ring, position, status))
      refused_.push_back({position, State::Failed, status});
    return;
  }
  if (found->state != State::Open) return;
  found->status = status;
  if (status == Status::Ok) {
    found->state = State::Done;
    // Out of turn. Where that cannot be said, the position says it later.
    if (found != open_.begin()) (void)say(ring, position, status);
  } else if (say(ring, position, status)) {
    found->state = State::Done;
  } else {
    found->state = State::Failed;
    ++failed_;
  }
}

void Acknowledgements::flush(RingConsumer& ring) {
  while (!refused_.empty() && say(ring, refused_.front().position, refused_.front().status))
    refused_.pop_front();
  if (failed_ == 0 || !refused_.empty()) return;
  for (Entry& entry : open_) {
    if (entry.state != State::Failed) continue;
    if (!say(ring, entry.position, entry.status)) return;
    entry.state = State::Done;
    --failed_;
  }
}

std::optional<std::uint64_t> Acknowledgements::take_handled() noexcept {
  std::optional<std::uint64_t> position;
  for (; !open_.empty() && open_.front().state == State::Done; open_.pop_front())
    position = open_.front().position;
  return position;
}

}  // namespace busbar
