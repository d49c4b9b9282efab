// MissedIntroductions: the members that some introduction did not reach, of whom everybody is told
// so that whoever tried tries again. One round costs a frame for each member, so rounds are apart,
// those for one member further apart, and none has more frames than a turn may send.
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
  // Between two rounds for one member, which might say so for ever.
  static constexpr std::chrono::milliseconds kMemberInterval{50};
  // About 1.5 µs each.
  static constexpr std::size_t kMaxFrames = 4096;

  void add(std::uint64_t member) { waiting_.insert(member); }

  // When take_due() has something next.
  [[nodiscard]] std::optional<TimePoint> next_due() const {
    std::optional<TimePoint> next;
    for (const std::uint64_t member : waiting_) {
      const TimePoint due = std::max(next_round_, due_of(member));
      if (!next || due < *next) next = due;
    }
    return next;
  }

  // Those of whom `members` members are to be told now.
  [[nodiscard]] std::vector<std::uint64_t> take_due(TimePoint now, std::size_t members) {
    std::vector<std::uint64_t> due;
    if (now < next_round_) return due;
    std::erase_if(told_, [now](const auto& entry) { return entry.second <= now; });
    const std::size_t most =
        std::max<std::size_t>(kMaxFrames / std::max<std::size_t>(members, 1), 1);
    for (auto it = waiting_.begin(); it != waiting_.end() && due.size() < most;) {
      if (told_.contains(*it)) {
        ++it;
        continue;
      }
      told_.emplace(*it, now + kMemberInterval);
      due.push_back(*it);
      it = waiting_.erase(it);
    }
    if (!due.empty()) next_round_ = now + kRoundInterval;
    return due;
  }

 private:
  [[nodiscard]] TimePoint due_of(std::uint64_t member) const {
    const auto told = told_.find(member);
    return told == told_.end() ? TimePoint{} : told->second;
  }

  std::set<std::uint64_t> waiting_;
  // When they may be told of again.
  std::map<std::uint64_t, TimePoint> told_;
  TimePoint next_round_{};
};

}  // namespace busbar
