// Deadlines: a table of timers. A row has a name, the moment at which it is due and what happens
// then; a row without a moment is not pending. Knows neither a clock nor what the actions do. Not
// thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "platform/reactor.h"

namespace busbar {

// The earlier of two deadlines, either of which may be missing.
[[nodiscard]] inline std::optional<TimePoint> earlier(std::optional<TimePoint> one,
                                                      std::optional<TimePoint> other) noexcept {
  if (!one || !other) return one ? one : other;
  return *other < *one ? other : one;
}

// `Name` is an enum, `Owner` the class whose functions are called.
template <typename Owner, typename Name, std::size_t kRows>
class Deadlines {
 public:
  struct Row {
    Name name;
    // nullptr: nothing but to wake up, so that the owner's user can try something again.
    void (Owner::*action)();
  };

  // Rows that are due together run in the order of the table.
  constexpr explicit Deadlines(const std::array<Row, kRows>& rows) noexcept : rows_(rows) {}

  // Replaces an earlier moment of this row.
  void set(Name name, TimePoint due) noexcept { due_[index_of(name)] = due; }
  void clear(Name name) noexcept { due_[index_of(name)].reset(); }
  [[nodiscard]] bool pending(Name name) const noexcept { return due_[index_of(name)].has_value(); }
  [[nodiscard]] bool due(Name name, TimePoint now) const noexcept {
    return is_due(index_of(name), now);
  }
  // Of the row that is due first.
  [[nodiscard]] std::optional<TimePoint> next() const noexcept {
    std::optional<TimePoint> first;
    for (const std::optional<TimePoint>& each : due_) first = earlier(first, each);
    return first;
  }

  // Runs every row that is due; its moment is cleared before its action runs, which may set it, or
  // any other row, again.
  void run_due(Owner& owner, TimePoint now) {
    for (std::size_t i = 0; i < kRows; ++i) {
      if (!is_due(i, now)) continue;
      due_[i].reset();
      if (rows_[i].action != nullptr) (owner.*rows_[i].action)();
    }
  }

 private:
  [[nodiscard]] constexpr std::size_t index_of(Name name) const noexcept {
    std::size_t index = 0;
    while (index + 1 < kRows && rows_[index].name != name) ++index;
    return index;
  }
  [[nodiscard]] bool is_due(std::size_t index, TimePoint now) const noexcept {
    return due_[index] && *due_[index] <= now;
  }

  std::array<Row, kRows> rows_;
  std::array<std::optional<TimePoint>, kRows> due_{};
};

}  // namespace busbar
