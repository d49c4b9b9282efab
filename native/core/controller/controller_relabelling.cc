// Members that change their labels. A wish names no member: it is the one whose connection it came
// on, so no member can change the label of another one.
#include <utility>

#include "core/controller/controller.h"

namespace busbar {
namespace {

// Each change of the directory makes every sender look again who matches. Wishes within this time
// share a round, so that a member which sends nothing else cannot keep all others looking.
constexpr std::chrono::milliseconds kLabelInterval{1};

}  // namespace

// False: the member has broken the protocol.
bool Controller::relabel(RosterMember& member, const RelabelFrame& frame) {
  const bool waits = member.wanted_label.has_value();
  const std::uint64_t last = waits ? member.wanted_label->revision : member.facts.label_revision;
  // The label that it announced is asked for once more, to have the answer.
  if (frame.revision < last || (waits && frame.revision == last)) return false;
  if (!waits) relabelling_.push_back(member.facts.id);
  member.wanted_label = frame;
  return true;
}

// Nobody reads another directory any more. A controller that has missed a generation does not know
// whom it is to wait for, so it takes all the time.
bool Controller::all_read_directory() const noexcept {
  const bool knows_last = generation() == 1 || source_generation_ + 1 == generation();
  return platform_.now() >= started_ + kReturnTime || (knows_last && survivors_are_back());
}

// The answer says that all members see it, as with joining.
void Controller::show_labels() {
  next_labels_.reset();
  if (relabelling_.empty()) return;
  const TimePoint now = platform_.now();
  if (!all_read_directory()) {
    next_labels_ = started_ + kReturnTime;
    return;
  }
  if (last_labels_ && now < *last_labels_ + kLabelInterval) {
    next_labels_ = *last_labels_ + kLabelInterval;
    return;
  }
  last_labels_ = now;
  for (const std::uint64_t id : std::exchange(relabelling_, {})) {
    RosterMember* member = roster_->find(id);
    // Gone, or it has lost its connection and announces what it wants on the next one.
    if (member == nullptr || !member->wanted_label) continue;
    RelabelFrame wish = *std::exchange(member->wanted_label, std::nullopt);
    roster_->set_label(*member, std::move(wish.label), wish.revision);
    notify(id, RelabelledFrame{wish.revision});
  }
}

}  // namespace busbar
