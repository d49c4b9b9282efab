// HeldBack: receivers that a waiting message could not be sent to because this process lacked
// something. Messages behind it in the same queue must not overtake it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "base/status.h"
#include "core/directory/directory_reader.h"
#include "core/endpoint/route_table.h"

namespace busbar {

class HeldBack {
 public:
  // Empties the list. An endpoint that is not on the bus now, or has another label later, is held
  // back until the next call.
  void begin_round(std::span<const Member> members) {
    clear();
    for (const Member& member : members) known_.emplace(member.id, member.label_revision);
    only_known_ = true;
  }
  // Empties the list.
  void clear() noexcept {
    ids_.clear();
    known_.clear();
    only_known_ = false;
  }
  void add(std::span<const RouteTarget> targets, Error why) {
    why_ = why;
    for (const RouteTarget& target : targets) ids_.insert(target.peer_id);
  }
  [[nodiscard]] bool empty() const noexcept { return ids_.empty(); }
  // Why a receiver was held back last.
  [[nodiscard]] Error why() const noexcept { return why_; }
  [[nodiscard]] bool contains_any(std::span<const RouteTarget> targets) const {
    if (ids_.empty() && !only_known_) return false;
    return std::any_of(targets.begin(), targets.end(), [this](const RouteTarget& to) {
      return ids_.contains(to.peer_id) || (only_known_ && !knows(to));
    });
  }

 private:
  [[nodiscard]] bool knows(const RouteTarget& target) const {
    const auto found = known_.find(target.peer_id);
    return found != known_.end() && found->second == target.label_revision;
  }

  std::unordered_set<std::uint64_t> ids_;
  // By id, the revision of the label.
  std::unordered_map<std::uint64_t, std::uint64_t> known_;
  bool only_known_ = false;
  Error why_ = {Status::NoRecipient};
};

}  // namespace busbar
