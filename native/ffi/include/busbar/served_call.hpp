// busbar/served_call.hpp: a call at its server: what its method learns, how it answers, streams and
// reads; a part of busbar_rpc.hpp.
#ifndef BUSBAR_RPC_SERVED_CALL_HPP
#define BUSBAR_RPC_SERVED_CALL_HPP

#include <atomic>
#include <exception>

#include "busbar/session.hpp"

namespace busbar {
namespace rpc {

class ServedMember;

namespace detail {

struct Service;

// The version of the first value of a property. Those of different servers differ, so that
// `if_version` matches no other server's.
[[nodiscard]] std::uint64_t first_version();

// What a caller streams to a method.
class ServedInputBase {
 public:
  virtual ~ServedInputBase() = default;
  // Returns the problem, empty for none.
  virtual std::string push(Frame& frame) = 0;
  virtual void end(std::optional<Error> error) = 0;
};

// What became of the calls of a member; of the core, under its lock.
struct Counts {
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;
  Clock::duration busy{};
};

// The functions of a call at its server. Any thread.
[[nodiscard]] std::uint64_t peer_of(const ServedCall& call);
[[nodiscard]] std::uint32_t pid_of(const ServedCall& call);
[[nodiscard]] std::vector<std::string> label_of(const ServedCall& call);
[[nodiscard]] Clock::time_point deadline_of(const ServedCall& call);
[[nodiscard]] std::uint32_t attempt_of(const ServedCall& call);
[[nodiscard]] Codec codec_of(const ServedCall& call);
[[nodiscard]] bool is_over(const ServedCall& call);
void on_cancel(ServedCall& call, std::function<void()> cancelled);
// The last frame of the call; later ones are dropped.
void answer(ServedCall& call, std::uint32_t kind, Encoded payload);
// The method has failed; `error` is checked against the errors that the interface declares.
void fail(ServedCall& call, const Error& error);
// The method is done, answered or not.
void release(ServedCall& call);
[[nodiscard]] std::shared_ptr<OutgoingStream> make_output(ServedCall& call);
// Ends the stream with the result, after what it has sent.
void end_output(ServedCall& call, OutgoingStream& stream, Encoded payload);
void fail_output(ServedCall& call, OutgoingStream& stream, const Error& error);
void set_input(ServedCall& call, const std::shared_ptr<ServedInputBase>& input);
void grant_input(ServedCall& call, std::size_t items, std::size_t bytes);

// Releases the call's place when the last of its handles is gone.
struct Hold {
  explicit Hold(std::shared_ptr<ServedCall> its_call) : call(std::move(its_call)) {}
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold() { release(*call); }
  const std::shared_ptr<ServedCall> call;
};

// The payload of a result, or the error to answer with.
template <typename R>
[[nodiscard]] Result<Encoded> encode_result(const ServedCall& call, const Result<R>& result) {
  if (!result) return result.error();
  Writer out(codec_of(call));
  if constexpr (std::is_same_v<R, Nothing>) {
    out.null();
  } else {
    Coder<R>::write(out, *result);
  }
  if (!out.ok()) return Error{"INVALID_RESULT", "the result is wrong: " + out.problem()};
  return Encoded{std::move(out.out), std::move(out.attachments)};
}

}  // namespace detail

// A call, as its method sees it.
class Call {
 public:
  explicit Call(std::shared_ptr<detail::Hold> hold) : hold_(std::move(hold)) {}
  // Who called.
  [[nodiscard]] std::uint64_t peer_id() const { return detail::peer_of(*hold_->call); }
  [[nodiscard]] std::uint32_t pid() const { return detail::pid_of(*hold_->call); }
  [[nodiscard]] std::vector<std::string> label() const { return detail::label_of(*hold_->call); }
  // When the caller gives up; time_point::max() for never.
  [[nodiscard]] Clock::time_point deadline() const { return detail::deadline_of(*hold_->call); }
  // How often the call was sent to other servers before.
  [[nodiscard]] std::uint32_t attempt() const { return detail::attempt_of(*hold_->call); }
  // Whether nobody waits any more: the caller has cancelled or is gone, or its deadline has passed.
  [[nodiscard]] bool is_over() const { return detail::is_over(*hold_->call); }
  // Called once when that happens before the call is answered; at once if it has. On the session's
  // thread.
  void on_cancel(std::function<void()> cancelled) const {
    detail::on_cancel(*hold_->call, std::move(cancelled));
  }
  // Options for calls that are made for this one: they end with it, and have its deadline.
  [[nodiscard]] Options within() const {
    Options options;
    options.within = hold_->call;
    return options;
  }

 private:
  template <typename R>
  friend class Reply;
  template <typename Item, typename R>
  friend class Sink;
  template <typename Item>
  friend class Received;
  std::shared_ptr<detail::Hold> hold_;
};

// Answers a call now or later, on any thread. The copies are one answer, and the first counts; if
// all are gone without one, the call fails.
template <typename R>
class Reply {
 public:
  explicit Reply(Call call) : call_(std::move(call)) {}
  void operator()(const Result<R>& result) const {
    detail::ServedCall& call = *call_.hold_->call;
    Result<detail::Encoded> encoded = detail::encode_result(call, result);
    if (!encoded) return detail::fail(call, encoded.error());
    detail::answer(call, BUSBAR_RPC_RESULT, std::move(*encoded));
  }
  [[nodiscard]] const Call& call() const noexcept { return call_; }

 private:
  Call call_;
};

// What a method streams to its caller. The copies are one stream.
template <typename Item, typename R = Nothing>
class Sink {
 public:
  explicit Sink(Call call)
      : call_(std::move(call)), stream_(detail::make_output(*call_.hold_->call)) {}
  // Sends an item; waits for credit, except on the session's thread. False: the call is over, or
  // there is no credit and it must not wait.
  bool write(const Item& item) const {
    detail::Pulled pulled = encode(item);
    if (pulled.error) {
      detail::fail_output(*call_.hold_->call, *stream_, *pulled.error);
      return false;
    }
    return detail::write(*stream_, std::move(pulled.item), true) == detail::Written::done;
  }
  // Whether write() would not wait.
  [[nodiscard]] bool is_writable() const { return detail::is_writable(*stream_); }
  // Asks `next` for items while there is credit, on the session's thread, until it says that they
  // are over; `end` then makes the result. When it has none now, it is asked again after resume().
  void pull(std::function<Next<Item>()> next, std::function<Result<R>()> end) const {
    // The stream holds the call, since the method has returned by then.
    detail::pull(stream_, [sink = *this, next = std::move(next), end = std::move(end)] {
      Next<Item> found = next();
      if (found.item) return sink.encode(*found.item);
      detail::Pulled pulled;
      pulled.over = found.over;
      if (found.over) sink.end(end());
      return pulled;
    });
  }
  void pull(std::function<Next<Item>()> next) const {
    pull(std::move(next), [] { return Result<R>(R{}); });
  }
  void resume() const { detail::resume(*stream_); }
  // Ends the stream with the result of the method, or an error.
  void end(const Result<R>& result = R{}) const {
    detail::ServedCall& call = *call_.hold_->call;
    Result<detail::Encoded> encoded = detail::encode_result(call, result);
    if (!encoded) return detail::fail_output(call, *stream_, encoded.error());
    detail::end_output(call, *stream_, std::move(*encoded));
  }
  [[nodiscard]] const Call& call() const noexcept { return call_; }

 private:
  [[nodiscard]] detail::Pulled encode(const Item& item) const {
    detail::Pulled pulled;
    Writer out(detail::codec_of(*call_.hold_->call));
    detail::Coder<Item>::write(out, item);
    if (!out.ok()) {
      pulled.error = Error{"INVALID_RESULT", "an item is wrong: " + out.problem()};
      return pulled;
    }
    pulled.item = {std::move(out.out), std::move(out.attachments)};
    pulled.has_item = true;
    return pulled;
  }

  Call call_;
  std::shared_ptr<detail::OutgoingStream> stream_;
};

// What a caller streams to a method. The copies are one stream.
template <typename Item>
class Received {
 public:
  explicit Received(const Call& call) : state_(std::make_shared<State>(call.hold_->call)) {
    detail::set_input(*call.hold_->call, state_);
  }
  // Waits for the next item; empty at the end. Not on the session's thread.
  std::optional<Item> next() const {
    state_->begin();
    return state_->items.next();
  }
  // The next item, if it is here.
  Next<Item> poll() const {
    state_->begin();
    return state_->items.poll();
  }
  // Called on the session's thread whenever poll() has something new, and at once if it has.
  void on_ready(std::function<void()> ready) const {
    state_->items.on_ready(std::move(ready));
    state_->begin();
  }
  // Calls back with each item, then once with the end and why, on the session's thread.
  void each(std::function<void(Item)> on_item,
            std::function<void(const std::optional<Error>&)> on_end) const {
    auto over = std::make_shared<bool>(false);
    State* state = state_.get();
    on_ready([state, over, on_item = std::move(on_item), on_end = std::move(on_end)] {
      while (!*over) {
        Next<Item> next = state->items.poll();
        if (next.item) {
          on_item(std::move(*next.item));
        } else if (next.over) {
          *over = true;
          on_end(state->items.error());
        } else {
          return;
        }
      }
    });
  }
  // After the end: why it ended; empty if the caller finished it.
  [[nodiscard]] std::optional<Error> error() const { return state_->items.error(); }

 private:
  struct State final : detail::ServedInputBase {
    explicit State(const std::shared_ptr<detail::ServedCall>& its_call)
        : call(its_call),
          items(detail::input_items, detail::input_bytes, [this](std::size_t n, std::size_t bytes) {
            if (const auto held = call.lock()) detail::grant_input(*held, n, bytes);
          }) {}
    // A method that reads its input gets the usual window.
    void begin() {
      if (!begun.exchange(true)) {
        items.widen(detail::first_items - detail::input_items,
                    detail::first_bytes - detail::input_bytes);
      }
    }
    std::string push(detail::Frame& frame) override {
      std::vector<Item> found;
      std::string problem = detail::decode_items(frame, found);
      if (!problem.empty()) return "an item of the input is wrong: " + problem;
      if (items.push(std::move(found), frame.size, frame.starved)) return {};
      return "more input than there was credit for";
    }
    void end(std::optional<Error> error) override { items.end(std::move(error)); }

    std::weak_ptr<detail::ServedCall> call;
    detail::Incoming<Item> items;
    std::atomic<bool> begun{false};
  };
  std::shared_ptr<State> state_;
};

}  // namespace rpc
}  // namespace busbar

#endif
