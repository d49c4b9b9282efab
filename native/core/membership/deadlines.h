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

// Never defined: a constant expression that comes to call it does not compile.
void a_row_is_missing_or_out_of_order();

// `Name` is an enum that counts from 0, `Owner` the class whose functions are called.
template <typename Owner, typename Name, std::size_t kRows>
class Deadlines {
 public:
  struct Row {
    Name name;
    // nullptr: nothing but to wake up, so that the owner's user can try something again.
    void (Owner::*action)();
  };

  // A row for each name, in their order; any other table does not compile.
  struct Table {
    consteval explicit Table(const std::array<Row, kRows>& given) : rows(given) {
      for (std::size_t i = 0; i < kRows; ++i) {
        if (index_of(rows[i].name) != i) a_row_is_missing_or_out_of_order();
      }
    }
    std::array<Row, kRows> rows;
  };

  // Rows that are due together run in the order of the table.
  constexpr explicit Deadlines(const Table& table) noexcept : rows_(table.rows) {}

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
  [[nodiscard]] static constexpr std::size_t index_of(Name name) noexcept {
    return static_cast<std::size_t>(name);
  }
  [[nodiscard]] bool is_due(std::size_t index, TimePoint now) const noexcept {
    return due_[index] && *due_[index] <= now;
  }

  std::array<Row, kRows> rows_;
  std::array<std::optional<TimePoint>, kRows> due_{};
};

}  // namespace busbar
