// A platform whose reactors measure the turns of their threads: from the end of one wait to the
// beginning of the next, which for a control thread is the time with the lock held. The engine does
// not know about it.
#pragma once

#include <time.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "support/forwarding_platform.h"

namespace busbar::test {

// Processor time of this thread, without time spent waiting or asleep.
inline std::chrono::nanoseconds thread_time() noexcept {
  timespec spent{};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec);
}

// The longest of several stretches of work, by the clock and by processor time; any thread.
class Longest {
 public:
  void note(std::chrono::nanoseconds clock, std::chrono::nanoseconds spent) noexcept {
    raise(clock_, clock.count());
    raise(spent_, spent.count());
    ++count_;
  }
  [[nodiscard]] double clock_ms() const noexcept { return static_cast<double>(clock_) / 1e6; }
  [[nodiscard]] double spent_ms() const noexcept { return static_cast<double>(spent_) / 1e6; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

 private:
  static void raise(std::atomic<std::int64_t>& longest, std::int64_t now) noexcept {
    std::int64_t known = longest.load();
    while (known < now && !longest.compare_exchange_weak(known, now)) {
    }
  }

  std::atomic<std::int64_t> clock_ = 0;
  std::atomic<std::int64_t> spent_ = 0;
  std::atomic<std::uint64_t> count_ = 0;
};

// One stretch of work, recorded at its end.
class Stretch {
 public:
  explicit Stretch(Longest& longest) noexcept : longest_(longest) {}
  Stretch(const Stretch&) = delete;
  Stretch& operator=(const Stretch&) = delete;
  ~Stretch() { longest_.note(std::chrono::steady_clock::now() - clock_, thread_time() - spent_); }

 private:
  Longest& longest_;
  std::chrono::steady_clock::time_point clock_ = std::chrono::steady_clock::now();
  std::chrono::nanoseconds spent_ = thread_time();
};

class TurnMeter final : public ForwardingPlatform {
 public:
  explicit TurnMeter(Platform& inner) noexcept : ForwardingPlatform(inner) {}

  // For all reactors of this platform.
  [[nodiscard]] const Longest& turns() const noexcept { return turns_; }

  [[nodiscard]] Result<std::unique_ptr<Reactor>> create_reactor() override {
    auto made = inner_.create_reactor();
    if (!made) return made.error();
    return std::unique_ptr<Reactor>(std::make_unique<Metered>(turns_, made.take()));
  }

 private:
  class Metered final : public Reactor {
   public:
    Metered(Longest& turns, std::unique_ptr<Reactor> inner) noexcept
        : turns_(turns), inner_(std::move(inner)) {}
    [[nodiscard]] Error watch(const Channel& channel, std::uint64_t token) override {
      return inner_->watch(channel, token);
    }
    [[nodiscard]] Error watch(const Listener& listener, std::uint64_t token) override {
      return inner_->watch(listener, token);
    }
    [[nodiscard]] Error watch(const NameBell& bell, std::uint64_t token) override {
      return inner_->watch(bell, token);
    }
    [[nodiscard]] Error watch_process(std::uint32_t pid, std::uint64_t token) override {
      return inner_->watch_process(pid, token);
    }
    void want_writable(std::uint64_t token) noexcept override { inner_->want_writable(token); }
    void forget(std::uint64_t token) noexcept override { inner_->forget(token); }
    [[nodiscard]] std::size_t wait(std::optional<TimePoint> deadline,
                                   std::span<Readiness> out_ready) override {
      turn_.reset();
      const std::size_t count = inner_->wait(deadline, out_ready);
      turn_.emplace(turns_);
      return count;
    }
    void wake() noexcept override { inner_->wake(); }

   private:
    Longest& turns_;
    std::unique_ptr<Reactor> inner_;
    std::optional<Stretch> turn_;
  };

  Longest turns_;
};

}  // namespace busbar::test
