// RecordMarks: some of the positions where records begin in a ring, remembered by its producer: the
// newest in each part of the ring. The ring itself does not show where a record begins, since a
// payload may look like a header; the producer reads headers, one after another, from a known
// position.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace busbar {

class RecordMarks {
 public:
  // `capacity` of the ring: a power of two, at least 4 KiB.
  explicit RecordMarks(std::uint64_t capacity) noexcept
      : shift_(static_cast<unsigned>(std::countr_zero(capacity / kParts))) {}

  // A record begins at `position`, or will. Positions only grow.
  void note(std::uint64_t position) noexcept { marks_[part_of(position)] = position; }

  // The last known beginning in `first`..`position`; `first` is one.
  [[nodiscard]] std::uint64_t last_before(std::uint64_t position,
                                          std::uint64_t first) const noexcept {
    // Older parts have older marks, so the first mark that is not too new is the last.
    for (std::size_t back = 0; back < kParts && back <= (position - first) >> shift_; ++back) {
      const std::uint64_t mark = marks_[(part_of(position) - back) % kParts];
      if (mark <= position && mark > first) return mark;
    }
    return first;
  }

 private:
  // 8 KiB of a ring of 512 KiB: the most that is read to find a position.
  static constexpr std::size_t kParts = 64;

  [[nodiscard]] std::size_t part_of(std::uint64_t position) const noexcept {
    return static_cast<std::size_t>(position >> shift_) % kParts;
  }

  unsigned shift_;
  std::array<std::uint64_t, kParts> marks_{};
};

}  // namespace busbar
