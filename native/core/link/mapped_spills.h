// MappedSpills: the spills of one sender that the receiving end of its link has mapped. Every call
// with the endpoint's lock held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/link/arrival.h"
#include "core/link/holdings.h"
#include "core/ring/record.h"
#include "platform/platform.h"

namespace busbar {

class MappedSpills {
 public:
  // The most spills that are mapped at a time, and their bytes in all: bounds what a hostile sender
  // can make this process map. Address space only; nothing is read before a record refers to it.
  static constexpr std::size_t kMaxSpills = 64;
  static constexpr std::uint64_t kMaxBytes = 4ULL << 30U;

  // `holdings` outlives it.
  explicit MappedSpills(LinkHoldings& holdings) noexcept : holdings_(holdings) {}
  MappedSpills(const MappedSpills&) = delete;
  MappedSpills& operator=(const MappedSpills&) = delete;

  [[nodiscard]] Arrival add(Platform& platform, std::uint64_t id, std::uint64_t bytes,
                            Handle handle);
  // Nothing if it is not here: perhaps it was lost on its way.
  void forget(std::uint64_t id);
  [[nodiscard]] bool has(std::uint64_t id) const noexcept { return find(id) != nullptr; }
  // The bytes that a record refers to, in memory that the sender can still write; empty when there
  // are none such.
  [[nodiscard]] std::span<const std::byte> bytes(const SpillReference& reference) const noexcept;
  // What keeps these bytes mapped, whatever the sender says; nullptr when it is not here.
  [[nodiscard]] std::shared_ptr<SharedMemory> memory(
      const SpillReference& reference) const noexcept;

 private:
  struct Spill {
    std::uint64_t id = 0;
    std::shared_ptr<SharedMemory> memory;
  };

  [[nodiscard]] const Spill* find(std::uint64_t id) const noexcept;

  LinkHoldings& holdings_;
  std::vector<Spill> spills_;
  // Where the spill was found that was looked for last.
  mutable std::size_t last_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace busbar
