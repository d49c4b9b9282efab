// Deliveries: the promises of `deliver`: which of them wait for how many receivers, and what went
// wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/status.h"

namespace busbar {

struct DeliveryFailure {
  // 0 when no receiver was ever found.
  std::uint64_t peer_id = 0;
  Status reason = Status::Ok;
};

struct DeliveryResult {
  std::uint64_t delivery = 0;
  std::uint32_t delivered = 0;
  std::vector<DeliveryFailure> failures;
};

class Deliveries {
 public:
  // A new promise, from 1. Receivers are added with expect().
  [[nodiscard]] std::uint64_t open() {
    waiting_.emplace(next_, Waiting{});
    return next_++;
  }
  void expect(std::uint64_t delivery, std::uint32_t receivers) { add(delivery, receivers); }

  // One receiver less to wait for, without an outcome: its message is looking for another one,
  // expect() will follow.
  void withdraw(std::uint64_t delivery) {
    if (const auto found = waiting_.find(delivery); found != waiting_.end())
      --found->second.receivers;
  }

  // One receiver has it, or will never have it; the result once nobody is waited for.
  [[nodiscard]] std::optional<DeliveryResult> succeeded(std::uint64_t delivery) {
    const auto found = waiting_.find(delivery);
    if (found == waiting_.end()) return std::nullopt;
    ++found->second.result.delivered;
    return settle(found);
  }
  [[nodiscard]] std::optional<DeliveryResult> failed(std::uint64_t delivery,
                                                     const DeliveryFailure& failure) {
    const auto found = waiting_.find(delivery);
    if (found == waiting_.end()) return std::nullopt;
    found->second.result.failures.push_back(failure);
    return settle(found);
  }
  // The caller no longer wants to know.
  void forget(std::uint64_t delivery) { waiting_.erase(delivery); }
  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

 private:
  struct Waiting {
    std::uint32_t receivers = 0;
    DeliveryResult result;
  };
  using Table = std::unordered_map<std::uint64_t, Waiting>;

  void add(std::uint64_t delivery, std::uint32_t receivers) {
    if (const auto found = waiting_.find(delivery); found != waiting_.end())
      found->second.receivers += receivers;
  }
  std::optional<DeliveryResult> settle(Table::iterator found) {
    if (--found->second.receivers != 0) return std::nullopt;
    DeliveryResult result = std::move(found->second.result);
    result.delivery = found->first;
    waiting_.erase(found);
    return result;
  }

  Table waiting_;
  std::uint64_t next_ = 1;
};

}  // namespace busbar
