// A bell's port is ready while a ring is in its queue; collect() removes the ring.
#include "macos/kqueue_doorbell_set.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <unordered_map>
#include <utility>
#include <vector>

#include "macos/kqueue.h"
#include "macos/port_doorbell.h"

namespace busbar::macos_platform {
namespace {

constexpr std::uint64_t kRaiseToken = 0;
constexpr std::size_t kBatch = 64;

class KqueueDoorbellSet final : public DoorbellSet {
 public:
  explicit KqueueDoorbellSet(Kqueue queue) noexcept : queue_(std::move(queue)) {}

  [[nodiscard]] Error add(Handle bell, std::uint64_t token) override {
    if (!bell.valid() || token == kRaiseToken || bells_.contains(token))
      return {Status::InvalidArgument};
    auto port = listen_to(bell);
    if (!port) return port.error();
    auto set = set_of(port.value().name());
    if (!set) return set.error();
    if (const Error error = queue_.watch(set.value(), token); !error.ok()) return error;
    bells_.emplace(token, Bell{port.take(), set.take()});
    // Rings before add() may be lost, so report the new bell once.
    fresh_.push_back(token);
    queue_.wake();
    return {};
  }

  void remove(std::uint64_t token) noexcept override {
    bells_.erase(token);
    std::erase(fresh_, token);
  }

  void raise() noexcept override {
    raised_.store(true, std::memory_order_release);
    queue_.wake();
  }

  [[nodiscard]] std::size_t collect(std::span<std::uint64_t> out_tokens) noexcept override {
    std::size_t count = 0;
    if (!out_tokens.empty() && raised_.exchange(false, std::memory_order_acq_rel))
      out_tokens[count++] = kRaiseToken;
    for (; count < out_tokens.size() && !fresh_.empty(); fresh_.pop_back()) {
      // A ring in the queue would be reported a second time.
      take_rings(bells_.at(fresh_.back()).port);
      out_tokens[count++] = fresh_.back();
    }
    std::array<struct kevent, kBatch> events;
    while (count < out_tokens.size()) {
      const std::size_t room = std::min(out_tokens.size() - count, events.size());
      const std::size_t got = queue_.wait(TimePoint(), std::span(events).first(room));
      for (std::size_t i = 0; i < got; ++i) {
        if (!Kqueue::is_wake(events[i])) take(Kqueue::token_of(events[i]), out_tokens, count);
      }
      if (got < room) break;
    }
    // raise() may have come since the check above, and its event may be among those taken.
    if (raised_.load(std::memory_order_acquire)) queue_.wake();
    return count;
  }

  void wait(int timeout_ms) noexcept override {
    // raise() was called, and its event was taken by a collect() without room for token 0.
    if (raised_.load(std::memory_order_acquire)) return;
    std::optional<TimePoint> deadline;
    if (timeout_ms >= 0) {
      deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    }
    // Rings stay until collect(); `raised_` remembers a wake-up.
    std::array<struct kevent, 1> event;
    (void)queue_.wait(deadline, event);
  }

  [[nodiscard]] std::intptr_t pollable() const noexcept override { return queue_.borrow(); }
  [[nodiscard]] Error call_when_ready(std::function<void()>) override {
    return {Status::Unsupported};
  }

 private:
  struct Bell {
    ReceiveRight port;
    PortSet set;
  };

  void take(std::uint64_t token, std::span<std::uint64_t> out_tokens, std::size_t& count) noexcept {
    const auto found = bells_.find(token);
    if (found == bells_.end()) return;
    take_rings(found->second.port);
    out_tokens[count++] = token;
  }

  Kqueue queue_;
  std::unordered_map<std::uint64_t, Bell> bells_;
  // Tokens added since the last collect().
  std::vector<std::uint64_t> fresh_;
  std::atomic<bool> raised_{false};
};

}  // namespace

Result<std::unique_ptr<DoorbellSet>> create_kqueue_doorbell_set() {
  auto queue = Kqueue::create();
  if (!queue) return queue.error();
  return std::unique_ptr<DoorbellSet>(std::make_unique<KqueueDoorbellSet>(queue.take()));
}

}  // namespace busbar::macos_platform
