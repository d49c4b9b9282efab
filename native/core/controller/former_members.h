// FormerMembers: the members that this controller has removed, so that no other endpoint gets their
// ids. Bounded: the member that was removed first is forgotten first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "core/directory/directory_reader.h"

namespace busbar {

class FormerMembers {
 public:
  void add(const Member& member) {
    if (!owners_.insert_or_assign(member.id, Owner{member.pid, member.instance}).second) return;
    order_.push_back(member.id);
    if (order_.size() <= kRemembered) return;
    owners_.erase(order_.front());
    order_.pop_front();
  }

  // Whether the id belonged to another endpoint.
  [[nodiscard]] bool was_of_another(std::uint64_t id, std::uint32_t pid,
                                    std::uint64_t instance) const {
    const auto found = owners_.find(id);
    return found != owners_.end() &&
           (found->second.pid != pid || found->second.instance != instance);
  }

 private:
  // As many as a bus has at once.
  static constexpr std::size_t kRemembered = kMaxMembers;

  struct Owner {
    std::uint32_t pid = 0;
    std::uint64_t instance = 0;
  };

  std::unordered_map<std::uint64_t, Owner> owners_;
  std::deque<std::uint64_t> order_;
};

}  // namespace busbar
