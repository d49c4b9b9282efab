// busbar/pending.hpp: calls with one result, and who waits for it; a part of busbar_rpc.hpp.
#ifndef BUSBAR_RPC_PENDING_HPP
#define BUSBAR_RPC_PENDING_HPP

#include "busbar/session.hpp"

namespace busbar {
namespace rpc {

namespace detail {

template <typename... Errors>
[[nodiscard]] bool read_declared(Error& error, Frame& frame) {
  bool found = false;
  const auto attempt = [&](auto empty) {
    using E = decltype(empty);
    if (found || error.code != E::error_code) return;
    E data{};
    Reader in(frame.payload, frame.codec, &frame.attachments);
    if (!Coder<E>::read(in, data)) return;
    error.attach(std::move(data));
    found = true;
  };
  (attempt(Errors{}), ...);
  (void)attempt, (void)frame, (void)error;
  return found;
}

// What comes of a call, and who waits for it.
template <typename R>
class Outcome {
 public:
  Outcome() = default;
  Outcome(const Outcome&) = delete;
  Outcome& operator=(const Outcome&) = delete;
  virtual ~Outcome() = default;
  virtual Result<R> get() = 0;
  virtual void cancel() = 0;

  void then(std::function<void(Result<R>)> callback) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!result_) {
        then_ = std::move(callback);
        return;
      }
    }
    callback(*result_);
  }

 protected:
  // The first result counts.
  void settle(Result<R> result) {
    std::function<void(Result<R>)> callback;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (result_) return;
      callback = std::move(then_);
      result_ = result;
    }
    done_.notify_all();
    if (callback) callback(std::move(result));
  }
  Result<R> wait(const Core& core, const Member& member) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!result_ && on_own_thread(core)) {
      return Error{"INVALID_ARGUMENT",
                   member.name + ": the session's own thread cannot wait for it", Executed::maybe};
    }
    done_.wait(lock, [&] { return result_.has_value(); });
    return *result_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable done_;
  std::optional<Result<R>> result_;
  std::function<void(Result<R>)> then_;
};

// A call with one result.
template <typename R, typename... Errors>
class UnaryCall final : public PendingCall, public Outcome<R> {
 public:
  using PendingCall::PendingCall;

  void received(Frame& frame) override {
    if (frame.kind != BUSBAR_RPC_RESULT && frame.kind != BUSBAR_RPC_END) {
      this->settle(
          Error{"PROTOCOL", member.name + " was answered with items", Executed::maybe, frame.peer});
      return;
    }
    R value{};
    const std::string problem = decode(frame, value);
    if (problem.empty()) return this->settle(std::move(value));
    this->settle(Error{"INVALID_RESULT", "the result of " + member.name + ": " + problem,
                       Executed::yes, frame.peer});
  }
  void failed(const Error& error) override { this->settle(error); }
  bool declared(Error& error, Frame& frame) override {
    return read_declared<Errors...>(error, frame);
  }
  Result<R> get() override { return this->wait(*core, member); }
  void cancel() override {
    detail::cancel(*this, Error{"CANCELLED", member.name + " was cancelled"});
  }
};

}  // namespace detail

// A call that is under way. It goes on when this is destroyed; nobody hears of its result then.
template <typename R>
class Pending {
 public:
  explicit Pending(std::shared_ptr<detail::Outcome<R>> outcome) : outcome_(std::move(outcome)) {}
  // Waits for the result. INVALID_ARGUMENT on the session's own thread, which would wait for
  // itself.
  Result<R> get() const { return outcome_->get(); }
  // Calls back with the result, once, on the session's thread, or at once if it is there.
  void then(std::function<void(Result<R>)> callback) const { outcome_->then(std::move(callback)); }
  [[nodiscard]] std::future<Result<R>> future() const {
    auto promise = std::make_shared<std::promise<Result<R>>>();
    std::future<Result<R>> future = promise->get_future();
    then([promise](Result<R> result) { promise->set_value(std::move(result)); });
    return future;
  }
  // Ends it with CANCELLED, and tells its server.
  void cancel() const { outcome_->cancel(); }

 private:
  std::shared_ptr<detail::Outcome<R>> outcome_;
};

}  // namespace rpc
}  // namespace busbar

#endif
