// MemberChanges: the members that the program knows of, to report only what changed since. A member
// that is no longer listed has left for the program once no link leads to it any more: only then is
// it known which messages it did not take. All calls with the endpoint's lock held.
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
  // The program knows this one, and will hear of it when it has left.
  [[nodiscard]] bool knows(std::uint64_t id) const { return known_.contains(id); }

  // A link is about to lead to `member`. True: the program has to hear of it first, as of one that
  // has joined. It may have just joined, or be listed again after it was said to have left.
  [[nodiscard]] bool learn(const Member& member) {
    return wanted_ && known_.emplace(member.id, member).second;
  }

  // Since the last call, except the label of `self`. `has_link` returns whether a link still leads
  // to the member with this id.
  template <typename HasLink>
  [[nodiscard]] PeersNotice take(const DirectoryReader& directory, std::uint64_t self,
                                 HasLink&& has_link) {
    PeersNotice changes;
    for (const Member& member : directory.members()) {
      const auto [known, is_new] = known_.emplace(member.id, member);
      if (is_new) {
        changes.joined.push_back(member);
      } else if (known->second.label != member.label) {
        if (member.id != self) changes.relabelled.push_back({member, known->second.label});
        known->second = member;
      }
    }
    for (auto it = known_.begin(); it != known_.end();) {
      if (directory.find(it->first) == nullptr && !has_link(it->first)) {
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
