// Who sends over the links of a Receiver, with the label of now.
#include <utility>

#include "core/endpoint/receiver.h"

namespace busbar {

const Member* Receiver::peer(std::uint32_t slot) const noexcept {
  const auto found = peers_.find(slot);
  return found == peers_.end() ? nullptr : &found->second;
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
