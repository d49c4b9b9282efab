// Closing: how far an endpoint is with its end, and what becomes then of the messages that it has
// not delivered. Every call with the endpoint's lock held.
//
//   Open ──begin──> Lingering ──leave──> Leaving ──finish──> Closed
//     └───────────────────────finish────────────────────────────┘
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/endpoint/sender.h"
#include "core/membership/membership.h"
#include "platform/platform.h"

namespace busbar {

class Closing {
 public:
  // Waits for what is queued until `deadline`; an earlier one replaces a later one.
  void begin(TimePoint deadline) noexcept;
  // Does not wait any more: packs the messages that no receiver has been found for into parcels for
  // another member, `origin` (encoded) being where they come from. Messages that queue, or fit into
  // no parcel, are abandoned.
  [[nodiscard]] std::vector<Parcel> leave(Sender& sender, Platform& platform,
                                          std::span<const std::byte> origin);
  // Another member has taken charge of `kept` of these messages.
  void handed_over(std::uint64_t kept) noexcept;
  void finish() noexcept { phase_ = Phase::Closed; }

  // Neither closed nor closing.
  [[nodiscard]] bool open() const noexcept { return phase_ == Phase::Open; }
  [[nodiscard]] bool lingering() const noexcept { return phase_ == Phase::Lingering; }
  [[nodiscard]] bool leaving() const noexcept { return phase_ == Phase::Leaving; }
  [[nodiscard]] bool closed() const noexcept { return phase_ == Phase::Closed; }
  // Until when it lingers.
  [[nodiscard]] std::optional<TimePoint> deadline() const noexcept {
    return lingering() ? deadline_ : std::nullopt;
  }
  // Messages that were accepted and that nobody gets.
  [[nodiscard]] std::uint64_t abandoned() const noexcept { return abandoned_; }

 private:
  enum class Phase : std::uint8_t { Open, Lingering, Leaving, Closed };

  Phase phase_ = Phase::Open;
  std::optional<TimePoint> deadline_;
  std::uint64_t abandoned_ = 0;
  // In parcels.
  std::uint64_t packed_ = 0;
};

}  // namespace busbar
