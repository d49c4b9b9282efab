// Dispatch: one message on its way to links: what to write into their rings, and what is owed about
// it. The payload stays where it is; a dispatch lives for one call.
#pragma once

#include <cstdint>
#include <memory>

#include "core/endpoint/send_request.h"
#include "core/hand_over/parked_messages.h"
#include "core/link/obligation.h"
#include "core/ring/record.h"

namespace busbar {

// Null for none.
[[nodiscard]] std::shared_ptr<const RegionBundle> bundle_of(std::span<const RegionRange> regions);
[[nodiscard]] std::shared_ptr<const RegionClaim> claim_on(
    const std::shared_ptr<const RegionBundle>& bundle);

struct Dispatch {
  OutgoingMessage message;
  Obligation obligation;

  // A message that owes nothing.
  [[nodiscard]] static Dispatch from_simple(const SimpleMessage& message);
  // Of a program; `expires_at_ms` is 0 for one that does not wait. Its number, and its delivery,
  // are given when it is certain that it goes.
  [[nodiscard]] static Dispatch from_request(const SendRequest& request, std::uint16_t route_flags,
                                             std::uint64_t expires_at_ms,
                                             std::shared_ptr<const ObjectBundle> objects);
  // Of one that waited for a receiver, without a route.
  [[nodiscard]] static Dispatch from_parked(const ParkedMessage& parked);
  // Of one that a link was given and its receiver has not taken.
  [[nodiscard]] static Dispatch from_record(const ParsedRecord& record, const Obligation& owed);
};

}  // namespace busbar
