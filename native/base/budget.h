// Budget: what several places of one endpoint may use together, of memory or of handles; and
// Charge, one place's part of it. Every call with the endpoint's lock held.
#pragma once

#include <cstdint>
#include <utility>

namespace busbar {

class Budget {
 public:
  explicit Budget(std::uint64_t limit) noexcept : limit_(limit) {}
  Budget(const Budget&) = delete;
  Budget& operator=(const Budget&) = delete;

  // Something that alone is more than everything may have it while nobody else has anything.
  [[nodiscard]] bool has_room(std::uint64_t amount) const noexcept {
    return used_ == 0 || (amount <= limit_ && used_ <= limit_ - amount);
  }
  // Half of it is there again: time to tell those who were refused.
  [[nodiscard]] bool relaxed() const noexcept { return used_ <= limit_ / 2; }
  [[nodiscard]] std::uint64_t used() const noexcept { return used_; }

 private:
  friend class Charge;

  std::uint64_t limit_;
  // Beyond the limit where something had to be kept that was accepted before.
  std::uint64_t used_ = 0;
};

// Gives back what it holds when it is destroyed. The budget outlives it.
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

  // Whether the budget has room for so much more.
  [[nodiscard]] bool may_grow(std::uint64_t amount) const noexcept {
    return budget_->has_room(amount);
  }

 private:
  Budget* budget_;
  std::uint64_t amount_ = 0;
};

}  // namespace busbar
