// A platform whose reactors measure the turns of their threads: from the end of one wait to the
// beginning of the next, which for a control thread is the time with the lock held. The engine does
// not know about it.
#pragma once

#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
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
//
// A virtual machine counts what its host took away as processor time of the thread that ran then,
// so one stretch may look long without having been so; and the turn that closes a link frees the
// messages that this process itself queued there. An attack that makes one turn long makes many
// long: judged is the third longest.
class Longest {
 public:
  static constexpr std::size_t kJudged = 3;

  void note(std::chrono::nanoseconds clock, std::chrono::nanoseconds spent) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    clock_ = std::max(clock_, clock);
    ++count_;
    if (spent <= spent_.back()) return;
    spent_.back() = spent;
    std::sort(spent_.begin(), spent_.end(), std::greater<>());
  }
  [[nodiscard]] double clock_ms() const noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    return in_ms(clock_);
  }
  [[nodiscard]] double spent_ms() const noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    return in_ms(spent_.front());
  }
  [[nodiscard]] double judged_ms() const noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    return in_ms(spent_.back());
  }
  [[nodiscard]] std::uint64_t count() const noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    return count_;
  }

 private:
  [[nodiscard]] static double in_ms(std::chrono::nanoseconds time) noexcept {
    return static_cast<double>(time.count()) / 1e6;
  }

  mutable std::mutex mutex_;
  std::chrono::nanoseconds clock_{0};
  // The longest first.
  std::array<std::chrono::nanoseconds, kJudged> spent_{};
  std::uint64_t count_ = 0;
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
    void pause(std::uint64_t token) noexcept override { inner_->pause(token); }
    void resume(std::uint64_t token) noexcept override { inner_->resume(token); }
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
