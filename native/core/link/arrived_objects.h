// ArrivedObjects: kernel objects that one sender gave to the receiving end of its link, until the
// messages that they belong to are taken. Every call with the endpoint's lock held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "core/link/arrival.h"
#include "core/link/holdings.h"
#include "core/link/link_frame.h"
#include "core/ring/record.h"
#include "platform/platform.h"

namespace busbar {

class ArrivedObjects {
 public:
  // The most that are still to be taken: what a sender allows itself
  // (Obligations::kMaxObjectsInFlight and one message more).
  static constexpr std::size_t kMaxObjectsToTake = 512 + kMaxObjects;

  // `holdings` outlives it.
  explicit ArrivedObjects(LinkHoldings& holdings) noexcept : holdings_(holdings) {}
  ArrivedObjects(const ArrivedObjects&) = delete;
  ArrivedObjects& operator=(const ArrivedObjects&) = delete;

  // Those of one message; `count`: how many its sender says there are.
  [[nodiscard]] Arrival add(std::uint64_t message_id, std::uint64_t count,
                            std::vector<Handle> handles);
  // Those of several messages, in their order. Lost: those of one of them are.
  [[nodiscard]] Arrival add(std::span<const ObjectShare> shares, std::vector<Handle> handles);
  [[nodiscard]] bool has(std::uint64_t message_id) const noexcept;
  // The caller's from now on; nullopt when they are not here, or are not `count`.
  [[nodiscard]] std::optional<std::vector<Handle>> take(std::uint64_t message_id,
                                                        std::size_t count);

 private:
  struct Objects {
    std::uint64_t message_id = 0;
    std::vector<Handle> handles;
  };

  LinkHoldings& holdings_;
  // In the order of arrival, which is nearly that of the records.
  std::deque<Objects> objects_;
  std::size_t handles_ = 0;
};

}  // namespace busbar
