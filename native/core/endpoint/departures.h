// Departures: peers that are not on the bus any more, or that nobody has heard of yet, and that may
// have sent something that is still to be read. One has ended once the program has all of it. All
// calls with the endpoint's lock held.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace busbar {

class Departures {
 public:
  void clear() noexcept { ids_.clear(); }
  // `has_left`: the program has heard that it has left.
  void add(std::uint64_t id, bool has_left) { ids_[id] = ids_[id] || has_left; }
  [[nodiscard]] bool has_left(std::uint64_t id) const {
    const auto found = ids_.find(id);
    return found != ids_.end() && found->second;
  }
  [[nodiscard]] bool empty() const noexcept { return ids_.empty(); }
  [[nodiscard]] bool contains(std::uint64_t id) const { return ids_.contains(id); }
  // Forgets `id`. False: it was not there.
  bool remove(std::uint64_t id) { return ids_.erase(id) != 0; }

  // Removes those for which `is_there` is false, and returns them.
  template <typename IsThere>
  [[nodiscard]] std::vector<std::uint64_t> take(IsThere&& is_there) {
    std::vector<std::uint64_t> ended;
    for (auto it = ids_.begin(); it != ids_.end();) {
      if (is_there(it->first)) {
        ++it;
      } else {
        ended.push_back(it->first);
        it = ids_.erase(it);
      }
    }
    return ended;
  }

 private:
  std::unordered_map<std::uint64_t, bool> ids_;
};

}  // namespace busbar
