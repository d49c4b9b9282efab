// Budget: a limit on memory or handles that several places of one endpoint share. Charge: the part
// that one place uses. Every call with the endpoint's lock held.
#pragma once

#include <cstdint>
#include <utility>

namespace busbar {

class Budget {
 public:
  explicit Budget(std::uint64_t limit) noexcept : limit_(limit) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // An amount above the whole limit fits while nothing else is in use.
  [[nodiscard]] bool has_room(std::uint64_t amount) const noexcept {
    return used_ == 0 || (amount <= limit_ && used_ <= limit_ - amount);
  }
  // At least half is free again: the caller can now wake senders that were refused.
  [[nodiscard]] bool relaxed() const noexcept { return used_ <= limit_ / 2; }
  [[nodiscard]] std::uint64_t used() const noexcept { return used_; }

 private:
  friend class Charge;

  std::uint64_t limit_;
  // May exceed the limit, when something had to be kept that was accepted before.
  std::uint64_t used_ = 0;
};

// Returns its amount to the budget when it is destroyed. The budget outlives it.
class Charge {
 public:
  explicit Charge(Budget& budget, std::uint64_t amount = 0) noexcept : budget_(&budget) {
    add(amount);
  }
  Charge(Charge&& other) noexcept
      : budget_(other.budget_), amount_(std::exchange(other.amount_, 0)) {}
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;
  Charge& operator=(Charge&&) = delete;
  ~Charge() { subtract(amount_); }

  void add(std::uint64_t amount) noexcept {
    amount_ += amount;
    budget_->used_ += amount;
  }
  void subtract(std::uint64_t amount) noexcept {
    amount_ -= amount;
    budget_->used_ -= amount;
  }
  [[nodiscard]] std::uint64_t amount() const noexcept { return amount_; }

  // True if the budget has room for `amount` more.
  [[nodiscard]] bool may_grow(std::uint64_t amount) const noexcept {
    return budget_->has_room(amount);
  }

 private:
  Budget* budget_;
  std::uint64_t amount_ = 0;
};

}  // namespace busbar
