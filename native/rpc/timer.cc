// What a session does after a while, and how long calls to the first server that answers wait.
#include "busbar/first_call.hpp"
#include "rpc/core.h"

namespace busbar::rpc::detail {

namespace {

// Calls whose durations are remembered, and how many are enough to know what is usual.
constexpr std::size_t kRemembered = 64;
constexpr std::size_t kEnough = 8;
constexpr auto kFirstGuess = std::chrono::milliseconds(10);

}  // namespace

// Something that is due, unless this is gone by then.
class Timer : public std::enable_shared_from_this<Timer> {
 public:
  Timer(std::shared_ptr<Core> core, std::function<void()> task)
      : core_(std::move(core)), task_(std::move(task)) {}
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() { (void)disarm(); }

  void arm(Clock::time_point due) {
    const Core::Locked locked(*core_);
    entry_ = core_->deadlines_.emplace(due, [weak = weak_from_this()] {
      const std::shared_ptr<Timer> timer = weak.lock();
      if (timer != nullptr && timer->disarm()) timer->task_();
    });
    armed_ = true;
    if (core_->sleeping_ && due < core_->sleeping_until_) core_->wake();
  }

 private:
  // Whether it was still to come.
  bool disarm() {
    const Core::Locked locked(*core_);
    if (!armed_) return false;
    armed_ = false;
    core_->deadlines_.erase(entry_);
    return true;
  }

  const std::shared_ptr<Core> core_;
  const std::function<void()> task_;
  // Under the core's lock.
  bool armed_ = false;
  PendingCall::Deadlines::iterator entry_;
};

std::shared_ptr<void> make_timer(const std::shared_ptr<Core>& core, Clock::duration delay,
                                 std::function<void()> task) {
  auto timer = std::make_shared<Timer>(core, std::move(task));
  timer->arm(Clock::now() + delay);
  return timer;
}

void Durations::add(Clock::duration duration) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (all_.size() < kRemembered) {
    all_.push_back(duration);
  } else {
    all_[at_] = duration;
    at_ = (at_ + 1) % kRemembered;
  }
}

Clock::duration Durations::usual() const {
  std::vector<Clock::duration> sorted;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (all_.size() < kEnough) return kFirstGuess;
    sorted = all_;
  }
  std::sort(sorted.begin(), sorted.end());
  return sorted[sorted.size() * 95 / 100];
}

}  // namespace busbar::rpc::detail
