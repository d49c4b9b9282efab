// BelievedOrigins: in whose name messages come that somebody else sends. Only a controller may do
// that, for members that have left; one that was controller before is believed, too, since what it
// sent then may be read later.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/ring/origin.h"
#include "core/ring/record.h"

namespace busbar {

class BelievedOrigins {
 public:
  void add_controller(std::uint64_t id) {
    std::erase(controllers_, id);
    if (controllers_.size() == kMaxControllers) controllers_.erase(controllers_.begin());
    controllers_.push_back(id);
  }

  // Fills `out` with the origin in `extensions`: empty when there is none, or `sender` was never
  // controller. False: it breaks the protocol.
  [[nodiscard]] bool read(std::uint64_t sender, const Extensions& extensions,
                          std::span<const std::byte>& out) const {
    if (extensions.origin.empty() ||
        std::find(controllers_.begin(), controllers_.end(), sender) == controllers_.end()) {
      return true;
    }
    out = extensions.origin;
    return decode_origin(out).has_value();
  }

  // Of a message that has no place in a slab; kept until the next one. Returns its bytes.
  std::uint32_t keep(std::span<const std::byte> origin) {
    last_.assign(origin.begin(), origin.end());
    return static_cast<std::uint32_t>(last_.size());
  }
  [[nodiscard]] std::span<const std::byte> last() const noexcept { return last_; }

 private:
  // Messages that wait in a ring for longer than this number of changes of office seem to be from
  // the controller itself.
  static constexpr std::size_t kMaxControllers = 16;

  // The latest, the current one last.
  std::vector<std::uint64_t> controllers_;
  std::vector<std::byte> last_;
};

}  // namespace busbar
