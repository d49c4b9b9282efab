// busbar/client_stream.hpp: streams, inputs and subscriptions at their client; a part of
// busbar_rpc.hpp.
#ifndef BUSBAR_RPC_CLIENT_STREAM_HPP
#define BUSBAR_RPC_CLIENT_STREAM_HPP

#include <atomic>

#include "busbar/pending.hpp"

namespace busbar {
namespace rpc {

namespace detail {

// A call whose result is a stream.
template <typename Item, typename R, typename... Errors>
class StreamCall final : public PendingCall {
 public:
  StreamCall(std::shared_ptr<Core> its_core, std::shared_ptr<const Member> its_member,
             std::uint32_t its_kind)
      : PendingCall(std::move(its_core), std::move(its_member), its_kind),
        items(first_items, first_bytes,
              [this](std::size_t count, std::size_t bytes) { grant(*this, count, bytes); }) {
    credit_items = first_items;
    credit_bytes = first_bytes;
  }

  void received(Frame& frame) override {
    if (frame.kind == BUSBAR_RPC_RESULT || frame.kind == BUSBAR_RPC_END) {
      R value{};
      const std::string problem = decode(frame, value);
      if (problem.empty()) {
        result = std::move(value);
        items.end(std::nullopt);
      } else {
        items.end(wrong("the result of " + member.name + ": " + problem, frame.peer));
      }
      return;
    }
    std::vector<Item> found;
    const std::string problem = decode_items(frame, found);
    if (!problem.empty()) {
      cancel(*this, wrong("an item of " + member.name + ": " + problem, frame.peer));
    } else if (!items.push(std::move(found), frame.size, frame.starved)) {
      cancel(*this, Error{"PROTOCOL", member.name + " sent more items than it had credit for",
                          Executed::maybe, frame.peer});
    }
  }
  void failed(const Error& error) override { items.end(error); }
  bool declared(Error& error, Frame& frame) override {
    return read_declared<Errors...>(error, frame);
  }

  // Begins the call when somebody asks for the first time.
  void begin() {
    if (!begun.exchange(true)) start(this->shared_from_this(), options);
  }

  Incoming<Item> items;
  Options options;
  std::atomic<bool> begun{false};
  // Written before the end of the items.
  std::optional<R> result;

 private:
  [[nodiscard]] static Error wrong(std::string text, std::uint64_t peer) {
    return Error{"INVALID_RESULT", std::move(text), Executed::yes, peer};
  }
};

// What a subscription hears. Functions are called on the session's thread.
template <typename T>
class WatchCall final : public PendingCall {
 public:
  using PendingCall::PendingCall;

  void received(Frame& frame) override {
    const bool is_answer = frame.kind == BUSBAR_RPC_ITEM;
    if (on_frame) on_frame(frame, is_answer);
    if (is_answer && !ready.exchange(true)) activated.set_value();
  }
  void failed(const Error& error) override {
    if (!ready.exchange(true)) activated.set_value();
    if (on_failed) on_failed(error);
  }
  void displaced() override {
    if (on_stale) on_stale();
  }
  bool declared(Error&, Frame&) override { return false; }

  std::function<void(Frame&, bool is_answer)> on_frame;
  std::function<void()> on_stale;
  std::function<void(const Error&)> on_failed;
  std::atomic<bool> ready{false};
  std::promise<void> activated;
};

}  // namespace detail

// The items of a stream. The call begins with the first item that is asked for, and ends with the
// stream or with this object.
template <typename Item, typename R = Nothing>
class Stream {
 public:
  template <typename Call>
  explicit Stream(std::shared_ptr<Call> call)
      : items_(&call->items),
        begin_([raw = call.get()] { raw->begin(); }),
        result_(&call->result),
        call_(std::move(call)) {}
  Stream(Stream&&) noexcept = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  Stream& operator=(Stream&& other) noexcept {
    std::swap(items_, other.items_);
    std::swap(begin_, other.begin_);
    std::swap(result_, other.result_);
    std::swap(call_, other.call_);
    return *this;
  }
  ~Stream() {
    if (call_ != nullptr) cancel();
  }

  // Waits for the next item; empty at the end, and after an error. Not on the session's thread.
  std::optional<Item> next() {
    begin_();
    if (detail::on_own_thread(*call_->core)) return poll().item;
    return items_->next();
  }
  // The next item, if it is here.
  Next<Item> poll() {
    begin_();
    return items_->poll();
  }
  // Called on the session's thread whenever poll() has something new, and at once if it has. The
  // stream must not be destroyed in it.
  void on_ready(std::function<void()> ready) {
    items_->on_ready(std::move(ready));
    begin_();
  }
  // Calls back with each item, then once with the end, on the session's thread. The stream lives
  // until then.
  static void each(Stream stream, std::function<void(Item)> on_item,
                   std::function<void(Result<R>)> on_end) {
    auto kept = std::make_shared<Stream>(std::move(stream));
    auto over = std::make_shared<bool>(false);
    auto* raw = kept.get();
    raw->on_ready([kept, over, on_item = std::move(on_item), on_end = std::move(on_end)] {
      while (!*over) {
        Next<Item> next = kept->poll();
        if (next.item) {
          on_item(std::move(*next.item));
        } else if (next.over) {
          *over = true;
          if (on_end) on_end(kept->result());
        } else {
          return;
        }
      }
    });
  }
  // After the end: why it ended; empty if the method returned.
  [[nodiscard]] std::optional<Error> error() { return items_->error(); }
  // After the end: what the method returned.
  [[nodiscard]] Result<R> result() {
    if (std::optional<Error> error = items_->error()) return std::move(*error);
    if (result_->has_value()) return **result_;
    return Error{"CANCELLED", "the stream was left"};
  }
  void cancel() {
    detail::cancel(*call_, Error{"CANCELLED", call_->member.name + " was left"});
    items_->end(Error{"CANCELLED", call_->member.name + " was left"});
  }

  // For `for (Item& item : stream)`: waits, as next().
  class Iterator {
   public:
    explicit Iterator(Stream* stream) : stream_(stream) { ++*this; }
    Item& operator*() noexcept { return *item_; }
    Iterator& operator++() {
      if (stream_ != nullptr) item_ = stream_->next();
      return *this;
    }
    friend bool operator!=(const Iterator& a, const Iterator& b) noexcept {
      return a.item_.has_value() != b.item_.has_value();
    }

   private:
    Stream* stream_;
    std::optional<Item> item_;
  };
  [[nodiscard]] Iterator begin() { return Iterator(this); }
  [[nodiscard]] Iterator end() { return Iterator(nullptr); }

 private:
  detail::Incoming<Item>* items_;
  std::function<void()> begin_;
  std::optional<R>* result_;
  std::shared_ptr<detail::PendingCall> call_;
};

// What a caller streams to a method. Destroying it finishes the input.
template <typename Item>
class Input {
 public:
  Input(std::shared_ptr<detail::PendingCall> call, std::shared_ptr<detail::OutgoingStream> stream)
      : call_(std::move(call)), stream_(std::move(stream)) {}
  Input(Input&&) noexcept = default;
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  Input& operator=(Input&&) = delete;
  ~Input() {
    if (stream_ != nullptr) detail::finish(*stream_);
  }

  // Sends an item; waits for credit, except on the session's thread. False: the call is over, or
  // there is no credit and it must not wait.
  bool write(const Item& item) {
    Writer out(call_->codec);
    detail::Coder<Item>::write(out, item);
    if (!out.ok()) {
      detail::cancel(*call_, Error{"INVALID_ARGUMENT", "an item of the input " + out.problem()});
      return false;
    }
    detail::Encoded encoded{std::move(out.out), std::move(out.attachments)};
    return detail::write(*stream_, std::move(encoded), true) == detail::Written::done;
  }
  // No more items come.
  void finish() { detail::finish(*stream_); }

 private:
  std::shared_ptr<detail::PendingCall> call_;
  std::shared_ptr<detail::OutgoingStream> stream_;
};

// A subscription; it ends with this object.
class Subscription {
 public:
  Subscription() = default;
  Subscription(std::shared_ptr<detail::PendingCall> call, std::shared_future<void> ready)
      : call_(std::move(call)), ready_(std::move(ready)) {}
  Subscription(Subscription&&) noexcept = default;
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  Subscription& operator=(Subscription&& other) noexcept {
    std::swap(call_, other.call_);
    std::swap(ready_, other.ready_);
    return *this;
  }
  ~Subscription() { close(); }
  void close() {
    if (call_ != nullptr) detail::cancel(*call_, Error{"CANCELLED", "the subscription was closed"});
    call_ = nullptr;
  }
  // Waits until a server has it, or it has failed. Not on the session's thread.
  void wait() const { ready_.wait(); }

 private:
  std::shared_ptr<detail::PendingCall> call_;
  std::shared_future<void> ready_;
};

}  // namespace rpc
}  // namespace busbar

#endif
