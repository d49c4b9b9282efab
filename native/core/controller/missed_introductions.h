// MissedIntroductions: members that some introduction did not reach. All members are notified, and
// the one that sent the introduction repeats it. One round costs a frame for each member: rounds
// keep an interval, rounds about one member a longer one, and no round has more frames than one
// turn may send.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "platform/reactor.h"

namespace busbar {

class MissedIntroductions {
 public:
  // Between two rounds.
  static constexpr std::chrono::milliseconds kRoundInterval{5};
  // Between two rounds about one member, which might claim a loss again and again.
  static constexpr std::chrono::milliseconds kMemberInterval{50};
  // About 1.5 µs each.
  static constexpr std::size_t kMaxFrames = 4096;

  void add(std::uint64_t member) { waiting_.insert(member); }

  // When take_due() next returns a member.
  [[nodiscard]] std::optional<TimePoint> next_due() const {
    std::optional<TimePoint> next;
    for (const std::uint64_t member : waiting_) {
      const TimePoint due = std::max(next_round_, due_of(member));
      if (!next || due < *next) next = due;
    }
    return next;
  }

  // The members about which `members` members are to be notified now.
  [[nodiscard]] std::vector<std::uint64_t> take_due(TimePoint now, std::size_t members) {
    std::vector<std::uint64_t> due;
    if (now < next_round_) return due;
    std::erase_if(notified_, [now](const auto& entry) { return entry.second <= now; });
    const std::size_t most =
        std::max<std::size_t>(kMaxFrames / std::max<std::size_t>(members, 1), 1);
    for (auto it = waiting_.begin(); it != waiting_.end() && due.size() < most;) {
      if (notified_.contains(*it)) {
        ++it;
        continue;
      }
      notified_.emplace(*it, now + kMemberInterval);
      due.push_back(*it);
      it = waiting_.erase(it);
    }
    if (!due.empty()) next_round_ = now + kRoundInterval;
    return due;
  }

 private:
  [[nodiscard]] TimePoint due_of(std::uint64_t member) const {
    const auto last = notified_.find(member);
    return last == notified_.end() ? TimePoint{} : last->second;
  }

  std::set<std::uint64_t> waiting_;
  // When another round about a member may begin.
  std::map<std::uint64_t, TimePoint> notified_;
  TimePoint next_round_{};
};

}  // namespace busbar
