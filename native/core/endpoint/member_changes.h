// MemberChanges: the members that the program knows of, to report only what changed since. All
// calls with the endpoint's lock held.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>

#include "core/directory/directory_reader.h"
#include "core/endpoint/notice.h"

namespace busbar {

// Stands for one state of the list of members; that of a new one is unlike all.
struct MembersSeen {
  std::uint64_t directory = 0;
  std::uint64_t epoch = 0;
};

class MemberChanges {
 public:
  // The program wants changes from `members` on, or no longer wants any.
  void report(bool wanted, std::span<const Member> members) {
    wanted_ = wanted;
    known_.clear();
    for (const Member& member : members) known_.emplace(member.id, member);
  }
  [[nodiscard]] bool wanted() const noexcept { return wanted_; }

  // Since the last call.
  [[nodiscard]] PeersNotice take(const DirectoryReader& directory) {
    PeersNotice changes;
    for (const Member& member : directory.members()) {
      if (known_.emplace(member.id, member).second) changes.joined.push_back(member);
    }
    for (auto it = known_.begin(); it != known_.end();) {
      if (directory.find(it->first) == nullptr) {
        changes.left.push_back(std::move(it->second));
        it = known_.erase(it);
      } else {
        ++it;
      }
    }
    return changes;
  }

 private:
  bool wanted_ = false;
  std::unordered_map<std::uint64_t, Member> known_;
};

}  // namespace busbar
