// busbar/first_call.hpp: calls to the first server that answers; a part of busbar_rpc.hpp.
#ifndef BUSBAR_RPC_FIRST_CALL_HPP
#define BUSBAR_RPC_FIRST_CALL_HPP

#include "busbar/pending.hpp"

namespace busbar {
namespace rpc {
namespace detail {

// The durations of the last calls of one method. Any thread.
class Durations {
 public:
  void add(Clock::duration duration);
  // 95 of 100 calls took no longer; a guess while they are few.
  [[nodiscard]] Clock::duration usual() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Clock::duration> all_;
  std::size_t at_ = 0;
};

// A call to one server, and to another one if that takes longer than usual. The first answer
// counts, and the other call is cancelled; an error counts if nobody else can answer.
template <typename R, typename... Errors>
class FirstCall final : public Outcome<R>,
                        public std::enable_shared_from_this<FirstCall<R, Errors...>> {
 public:
  using Call = UnaryCall<R, Errors...>;

  FirstCall(std::shared_ptr<Call> first, Options options, std::shared_ptr<Durations> durations)
      : first_(std::move(first)),
        options_(std::move(options)),
        durations_(std::move(durations)),
        calls_{first_} {}

  // `good`: it is prepared, and has not failed yet.
  void begin(bool good) {
    follow(first_);
    if (!good) return;
    start(first_, options_);
    std::shared_ptr<void> timer =
        make_timer(first_->core, durations_->usual(), [weak = this->weak_from_this()] {
          if (const auto self = weak.lock()) self->ask_another();
        });
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!over_) timer_.swap(timer);
  }
  Result<R> get() override { return this->wait(*first_->core, first_->member); }
  void cancel() override {
    std::vector<std::shared_ptr<Call>> calls;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      leaving_ = true;
      calls = calls_;
    }
    for (const auto& call : calls) call->cancel();
  }

 private:
  void follow(const std::shared_ptr<Call>& call) {
    call->then([self = this->shared_from_this(), which = call.get()](Result<R> result) {
      self->settled(which, std::move(result));
    });
  }
  void ask_another() {
    const std::uint64_t peer = server_of(*first_);
    bool is_alone = true;
    for (const std::uint64_t other : candidates(*first_->core, first_->member, first_->to)) {
      if (other != peer) is_alone = false;
    }
    // One that waits for a server may go to any.
    if (peer == 0 || is_alone) return;
    auto another = std::make_shared<Call>(first_->core, first_->shared_member, first_->kind);
    another->codec = first_->codec;
    another->idempotent = true;
    another->request = first_->request;
    another->deadline = first_->deadline;
    another->tried.push_back(peer);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (over_ || leaving_) return;
      calls_.push_back(another);
    }
    Options options = options_;
    options.timeout.reset();
    follow(another);
    start(another, options);
  }
  void settled(const Call* which, Result<R> result) {
    const bool is_good = result.ok();
    std::vector<std::shared_ptr<Call>> calls;
    std::shared_ptr<void> timer;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (over_) return;
      if (!is_good) {
        if (!failure_) failure_ = result.error();
        if (++failures_ < calls_.size()) return;
        result = *failure_;
      }
      over_ = true;
      calls.swap(calls_);
      timer.swap(timer_);
    }
    if (is_good) durations_->add(Clock::now() - begun_);
    for (const auto& call : calls) {
      if (call.get() == which) continue;
      detail::cancel(*call, Error{"CANCELLED", "another server answered first"});
    }
    this->settle(std::move(result));
  }

  const std::shared_ptr<Call> first_;
  const Options options_;
  const std::shared_ptr<Durations> durations_;
  const Clock::time_point begun_ = Clock::now();
  std::mutex mutex_;
  // Those that were begun, until one has answered.
  std::vector<std::shared_ptr<Call>> calls_;
  std::size_t failures_ = 0;
  std::optional<Error> failure_;
  std::shared_ptr<void> timer_;
  bool leaving_ = false;
  bool over_ = false;
};

}  // namespace detail
}  // namespace rpc
}  // namespace busbar

#endif
