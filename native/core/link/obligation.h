// Obligation: what a sender still has to do about one message once the receiver took (or handled)
// it: release what the message carries beside its record, and report the delivery.
#pragma once

#include <cstdint>
#include <memory>

#include "core/link/spill_pool.h"
#include "core/region/object_bundle.h"
#include "core/region/region_bundle.h"

namespace busbar {

struct Obligation {
  // Keeps the payload's spill from reuse until the message is taken.
  std::shared_ptr<const Spill> spill{};
  // The part of the spill that the message uses.
  std::uint64_t spill_offset = 0;
  std::uint64_t spill_bytes = 0;
  // The message's kernel objects; null for none.
  std::shared_ptr<const ObjectBundle> objects{};
  // The message's memory regions; null for none.
  std::shared_ptr<const RegionBundle> memory{};
  // While this process counts among the holders of these regions: until they are booked on the
  // receiver or, for a message that wants to be handled, until the receiver has handled it.
  std::shared_ptr<const RegionClaim> claim{};
  // Delivery to report to, 0 for none.
  std::uint64_t delivery = 0;
  bool wants_handled = false;

  [[nodiscard]] bool empty() const noexcept {
    return spill == nullptr && objects == nullptr && memory == nullptr && delivery == 0 &&
           !wants_handled;
  }
  // Nobody waits for its end: settled when the link is looked at anyway, or a moment later.
  [[nodiscard]] bool quiet() const noexcept { return delivery == 0 && !wants_handled; }
};

}  // namespace busbar
