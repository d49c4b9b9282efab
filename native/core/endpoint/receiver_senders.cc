// Who sends over the links of a Receiver, with the label of now.
#include <algorithm>
#include <utility>

#include "core/endpoint/receiver.h"

namespace busbar {

const Member* Receiver::peer(std::uint32_t slot) const noexcept {
  const auto found = peers_.find(slot);
  return found == peers_.end() ? nullptr : &found->second;
}

std::unordered_set<std::uint64_t> Receiver::senders() const {
  std::unordered_set<std::uint64_t> ids;
  for (const auto& [slot, link] : links_) ids.insert(link->peer_id());
  if (borrowed_link_ != nullptr) ids.insert(borrowed_link_->peer_id());
  return ids;
}

bool Receiver::has_link_of(std::uint64_t peer_id) const noexcept {
  if (borrowed_link_ != nullptr && borrowed_link_->peer_id() == peer_id) return true;
  return std::any_of(links_.begin(), links_.end(),
                     [peer_id](const auto& entry) { return entry.second->peer_id() == peer_id; });
}

void Receiver::follow(const DirectoryReader& directory) {
  for (auto& [slot, peer] : peers_) {
    const Member* now = directory.find(peer.id);
    if (now == nullptr || now->label_revision == peer.label_revision) continue;
    peer = *now;
    relabelled_.insert(slot);
  }
}

std::vector<std::uint32_t> Receiver::take_relabelled() {
  const auto taken = std::exchange(relabelled_, {});
  return {taken.begin(), taken.end()};
}

}  // namespace busbar
