// PeerHoldings: the limits for what peers make one endpoint hold, and the sums of each peer process
// that has links here. They are far above what a process uses that follows the protocol, and far
// below what this process has: a peer that runs into them is refused, and nobody else is.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>

#include "core/link/holdings.h"

namespace busbar {

class PeerHoldings {
 public:
  // Of `descriptors`, which this process may have, all peers together get three quarters: what is
  // left is the program's own. One peer gets half, or where that is little what a link takes that
  // uses all that its sender allows itself.
  explicit PeerHoldings(std::uint64_t descriptors) noexcept
      : of_peer_{std::max(descriptors / 2, std::min(kDescriptors, descriptors / 4 * 3)), kMappings,
                 kBytes},
        all_(std::make_shared<Holdings>(
            Holding{descriptors / 4 * 3, kMappings * kPeers, kBytes * kPeers})) {}

  // The sums of process `pid`, as long as somebody has them.
  [[nodiscard]] std::shared_ptr<Holdings> of(std::uint32_t pid) {
    std::erase_if(peers_, [](const auto& entry) { return entry.second.expired(); });
    std::weak_ptr<Holdings>& known = peers_[pid];
    std::shared_ptr<Holdings> found = known.lock();
    if (found == nullptr) {
      found = std::make_shared<Holdings>(of_peer_, all_);
      known = found;
    }
    return found;
  }
  [[nodiscard]] const Holding& all() const noexcept { return all_->used(); }

 private:
  static constexpr std::uint64_t kDescriptors = 512;
  // Linux allows a process 65,530 mappings (vm.max_map_count), of which the program needs some; a
  // link with everything that its sender may make it map takes 330.
  static constexpr std::uint64_t kMappings = 8192;
  // Of address space, of which a process has 128 TiB.
  static constexpr std::uint64_t kBytes = 8ULL << 40U;
  // With this number of peers at their limits, the endpoint takes no more.
  static constexpr std::uint64_t kPeers = 4;

  const Holding of_peer_;
  std::shared_ptr<Holdings> all_;
  std::map<std::uint32_t, std::weak_ptr<Holdings>> peers_;
};

}  // namespace busbar
