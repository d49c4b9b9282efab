// busbar/server.hpp: the members of generated server classes; a part of busbar_rpc.hpp.
#ifndef BUSBAR_RPC_SERVER_HPP
#define BUSBAR_RPC_SERVER_HPP

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
    if (!result) return detail::fail(call, result.error());
    Writer out(detail::codec_of(call));
    if constexpr (std::is_same_v<R, Nothing>) {
      out.null();
    } else {
      detail::Coder<R>::write(out, *result);
    }
    if (!out.ok()) {
      return detail::fail(call, Error{"INVALID_RESULT", "the result is wrong: " + out.problem()});
    }
    detail::answer(call, BUSBAR_RPC_RESULT, {std::move(out.out), std::move(out.attachments)});
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
    if (!result) return detail::fail_output(call, *stream_, result.error());
    Writer out(detail::codec_of(call));
    if constexpr (std::is_same_v<R, Nothing>) {
      out.null();
    } else {
      detail::Coder<R>::write(out, *result);
    }
    if (!out.ok()) {
      return detail::fail_output(call, *stream_,
                                 Error{"INVALID_RESULT", "the result is wrong: " + out.problem()});
    }
    detail::end_output(call, *stream_, {std::move(out.out), std::move(out.attachments)});
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

// The base of generated server classes, one for each interface: set its members to functions, then
// give it to Session::serve. It is not moved: its members know it.
class Server {
 public:
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // Takes no more calls, waits up to `linger` for those that run, and ends the others. Not on the
  // session's thread.
  void close(std::chrono::milliseconds linger = std::chrono::milliseconds(1000));

 protected:
  Server(const char* interface_name, std::uint32_t major);
  // With the model of the interface as JSON, in parts.
  template <std::size_t Parts>
  Server(const char* interface_name, std::uint32_t major, const char* const (&model)[Parts])
      : Server(interface_name, major) {
    for (const char* part : model) describe(part);
  }
  ~Server();

 private:
  friend class ServedMember;
  friend class Session;
  void describe(const char* part);
  std::shared_ptr<detail::Service> service_;
};

// The base of the members of servers.
class ServedMember {
 public:
  enum class Kind { method, property, signal };
  ServedMember(const ServedMember&) = delete;
  ServedMember& operator=(const ServedMember&) = delete;

  // On the session's thread.
  virtual void invoke(const std::shared_ptr<detail::ServedCall>& call, detail::Frame& frame,
                      std::uint32_t kind) = 0;
  // Whether it declares this error.
  [[nodiscard]] virtual bool declares(const std::string& code) const = 0;
  // The value of a property with its version, encoded.
  virtual void write_state(Writer& out) { out.null(); }

  const Kind kind;
  const detail::Member member;

 protected:
  ServedMember(Server* server, const char* name, Kind its_kind);
  ~ServedMember() = default;
  // No method of the server runs from then on; for destructors.
  void leave();
  // Sends to everyone who subscribed.
  void emit(const detail::Encoded& payload, bool newest_only);

  // Calls `function`; what it throws fails the call.
  template <typename F>
  static void guarded(detail::ServedCall& call, F&& function) {
#if defined(__cpp_exceptions)
    try {
      function();
    } catch (const std::exception& thrown) {
      detail::fail(call, Error{"HANDLER_FAILED", thrown.what(), Executed::yes});
    } catch (...) {
      detail::fail(call, Error{"HANDLER_FAILED", "", Executed::yes});
    }
#else
    (void)call;
    function();
#endif
  }
  // Decodes the arguments, or refuses the call.
  template <typename Args>
  [[nodiscard]] static bool read(detail::ServedCall& call, detail::Frame& frame, Args& args) {
    if constexpr (std::is_same_v<Args, Nothing>) {
      (void)frame, (void)args;
    } else if (const std::string problem = detail::decode(frame, args); !problem.empty()) {
      detail::fail(call, Error{"INVALID_ARGUMENT", problem, Executed::no});
      return false;
    }
    (void)call;
    return true;
  }
  void refuse_unimplemented(detail::ServedCall& call) const {
    detail::fail(call,
                 Error{"UNKNOWN_METHOD", member.name + " is not a method here", Executed::no});
  }

 private:
  friend class detail::Core;
  detail::Service* service_;
  detail::Counts counts_;
};

namespace detail {

// The errors that a method declares.
template <typename... Errors>
struct Declared {
  [[nodiscard]] static bool has(const std::string& code) {
    (void)code;
    return ((code == Errors::error_code) || ...);
  }
};

// A function that is replaced while it may be called.
template <typename Signature>
class Replaceable {
 public:
  void set(std::function<Signature> function) {
    auto made =
        function ? std::make_shared<std::function<Signature>>(std::move(function)) : nullptr;
    const std::lock_guard<std::mutex> lock(mutex_);
    function_ = std::move(made);
  }
  [[nodiscard]] std::shared_ptr<std::function<Signature>> get() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return function_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<std::function<Signature>> function_;
};

// Calls a function of the user with the arguments, if it wants them, and what follows them.
template <typename Args, typename F, typename... More>
decltype(auto) call_with(F& function, const Args& args, More&&... more) {
  if constexpr (std::is_invocable_v<F&, const Args&, More&&...>) {
    return function(args, std::forward<More>(more)...);
  } else {
    (void)args;
    return function(std::forward<More>(more)...);
  }
}
template <typename F, typename Args, typename... More>
constexpr bool takes = std::is_invocable_v<F&, const Args&, More...> ||
                       (std::is_same_v<Args, Nothing> && std::is_invocable_v<F&, More...>);

// A method as a function of its arguments and of `More`: what it is answered by, and what its
// caller streams.
template <typename Args, typename Errors, typename... More>
class ServedFunction : public ServedMember {
 public:
  void invoke(const std::shared_ptr<ServedCall>& call, Frame& frame, std::uint32_t) final {
    // Outlives the function, which may throw.
    const Call handle(std::make_shared<Hold>(call));
    const auto function = function_.get();
    if (function == nullptr) return refuse_unimplemented(*call);
    Args args{};
    if (!read(*call, frame, args)) return;
    guarded(*call, [&] { (*function)(args, More(handle)...); });
  }
  [[nodiscard]] bool declares(const std::string& code) const final { return Errors::has(code); }

 protected:
  ServedFunction(Server* server, const char* name) : ServedMember(server, name, Kind::method) {}
  ~ServedFunction() = default;

  void set(std::nullptr_t) { function_.set(nullptr); }
  template <typename F>
  void set(F function) {
    function_.set([f = std::move(function)](const Args& args, More... more) mutable {
      call_with<Args>(f, args, std::move(more)...);
    });
  }

 private:
  Replaceable<void(const Args&, More...)> function_;
};

}  // namespace detail

// A method with one result. Set it to a function of `(const Args&)`, `(const Args&, Call)` or
// `(const Args&, Reply<R>)`, which answers later; without the first if the method has no arguments.
// It returns an R, a Result<R> or, with a Reply, nothing. nullptr: the method is not there.
template <typename Args, typename R, typename... Errors>
class ServedMethod final
    : public detail::ServedFunction<Args, detail::Declared<Errors...>, Reply<R>> {
 public:
  ServedMethod(Server* server, const char* name) : ServedMethod::ServedFunction(server, name) {}
  ~ServedMethod() { this->leave(); }
  ServedMethod(const ServedMethod&) = delete;
  ServedMethod& operator=(const ServedMethod&) = delete;

  ServedMethod& operator=(std::nullptr_t) {
    this->set(nullptr);
    return *this;
  }
  template <typename F>
  ServedMethod& operator=(F function) {
    if constexpr (detail::takes<F, Args, Reply<R>>) {
      this->set(std::move(function));
    } else if constexpr (detail::takes<F, Args, Call>) {
      this->set([f = std::move(function)](const Args& args, Reply<R> reply) mutable {
        answer(reply, [&]() -> decltype(auto) {
          return detail::call_with<Args>(f, args, Call(reply.call()));
        });
      });
    } else {
      static_assert(detail::takes<F, Args>, "the function takes other arguments than the method");
      this->set([f = std::move(function)](const Args& args, Reply<R> reply) mutable {
        answer(reply, [&]() -> decltype(auto) { return detail::call_with<Args>(f, args); });
      });
    }
    return *this;
  }

 private:
  template <typename F>
  static void answer(const Reply<R>& reply, F&& function) {
    if constexpr (std::is_void_v<decltype(function())>) {
      function();
      reply(R{});
    } else {
      reply(Result<R>(function()));
    }
  }
};

// A method that streams: a function of `(const Args&, Sink<Item, R>)`.
template <typename Args, typename Item, typename R = Nothing, typename... Errors>
class ServedStream final
    : public detail::ServedFunction<Args, detail::Declared<Errors...>, Sink<Item, R>> {
 public:
  ServedStream(Server* server, const char* name) : ServedStream::ServedFunction(server, name) {}
  ~ServedStream() { this->leave(); }
  ServedStream(const ServedStream&) = delete;
  ServedStream& operator=(const ServedStream&) = delete;

  template <typename F>
  ServedStream& operator=(F function) {
    this->set(std::move(function));
    return *this;
  }
};

// A method that its caller streams to: a function of `(const Args&, Received<In>, Reply<R>)`.
template <typename Args, typename In, typename R, typename... Errors>
class ServedInput final
    : public detail::ServedFunction<Args, detail::Declared<Errors...>, Received<In>, Reply<R>> {
 public:
  ServedInput(Server* server, const char* name) : ServedInput::ServedFunction(server, name) {}
  ~ServedInput() { this->leave(); }
  ServedInput(const ServedInput&) = delete;
  ServedInput& operator=(const ServedInput&) = delete;

  template <typename F>
  ServedInput& operator=(F function) {
    this->set(std::move(function));
    return *this;
  }
};

// A method that streams in both directions: a function of
// `(const Args&, Received<In>, Sink<Item, R>)`.
template <typename Args, typename In, typename Item, typename R = Nothing, typename... Errors>
class ServedDuplex final : public detail::ServedFunction<Args, detail::Declared<Errors...>,
                                                         Received<In>, Sink<Item, R>> {
 public:
  ServedDuplex(Server* server, const char* name) : ServedDuplex::ServedFunction(server, name) {}
  ~ServedDuplex() { this->leave(); }
  ServedDuplex(const ServedDuplex&) = delete;
  ServedDuplex& operator=(const ServedDuplex&) = delete;

  template <typename F>
  ServedDuplex& operator=(F function) {
    this->set(std::move(function));
    return *this;
  }
};

// Marks properties that clients may set.
inline constexpr bool writable = true;

// A property. `T` must have a first value before it is served, unless T{} will do.
template <typename T>
class ServedProperty final : public ServedMember {
 public:
  ServedProperty(Server* server, const char* name, bool is_writable = false)
      : ServedMember(server, name, Kind::property), is_writable_(is_writable) {}
  ~ServedProperty() { leave(); }
  ServedProperty(const ServedProperty&) = delete;
  ServedProperty& operator=(const ServedProperty&) = delete;

  [[nodiscard]] T get() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return value_;
  }
  // Gives it another value, and tells everyone who watches it. False: the value cannot be encoded,
  // and the property keeps its own.
  bool set(T value) {
    // Held while it is sent, so that the newest value is sent last.
    const std::lock_guard<std::mutex> sending(sending_);
    Writer out(Codec::messagepack);
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      write(out, value, version_ + 1);
      if (!out.ok()) return false;
      value_ = std::move(value);
      ++version_;
    }
    this->emit({std::move(out.out), {}}, true);
    return true;
  }
  // What becomes of a value that a client sets: the value to have, or an error that refuses it.
  void on_set(std::function<Result<T>(T, const Call&)> accept) { accept_.set(std::move(accept)); }

  void invoke(const std::shared_ptr<detail::ServedCall>& call, detail::Frame& frame,
              std::uint32_t its_kind) override {
    const Call handle(std::make_shared<detail::Hold>(call));
    Writer out(detail::codec_of(*call));
    if (its_kind == BUSBAR_RPC_CALL) {
      write_state(out);
      detail::answer(*call, BUSBAR_RPC_RESULT, {std::move(out.out), {}});
      return;
    }
    Setting setting;
    if (its_kind != BUSBAR_RPC_SET || !is_writable_) {
      return detail::fail(*call,
                          Error{"INVALID_ARGUMENT", member.name + " is read-only", Executed::no});
    }
    if (!read(*call, frame, setting)) return;
    guarded(*call, [&] {
      if (conflicts(*call, setting)) return;
      if (const auto accept = accept_.get()) {
        Result<T> accepted = (*accept)(std::move(setting.value), handle);
        if (!accepted) return detail::fail(*call, accepted.error());
        setting.value = std::move(accepted).value();
        if (conflicts(*call, setting)) return;
      }
      if (!set(std::move(setting.value))) {
        return detail::fail(*call, Error{"INVALID_RESULT", "the value cannot be encoded"});
      }
      out.begin_map(1);
      out.key("version");
      out.integer(version());
      out.end();
      detail::answer(*call, BUSBAR_RPC_RESULT, {std::move(out.out), {}});
    });
  }
  [[nodiscard]] bool declares(const std::string&) const override { return false; }
  void write_state(Writer& out) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    write(out, value_, version_);
  }

 private:
  struct Setting {
    T value{};
    std::optional<U53> if_version;
    static constexpr auto fields() {
      return rpc::fields("value", &Setting::value, "ifVersion", &Setting::if_version);
    }
  };
  static void write(Writer& out, const T& value, std::uint64_t version) {
    out.begin_map(2);
    out.key("value");
    detail::Coder<T>::write(out, value);
    out.key("version");
    out.integer(version);
    out.end();
  }
  [[nodiscard]] std::uint64_t version() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return version_;
  }
  [[nodiscard]] bool conflicts(detail::ServedCall& call, const Setting& setting) const {
    const std::uint64_t now = version();
    if (!setting.if_version || *setting.if_version == now) return false;
    detail::fail(
        call, Error{"CONFLICT", member.name + " has version " + std::to_string(now) + " by now"});
    return true;
  }

  const bool is_writable_;
  mutable std::mutex mutex_;
  std::mutex sending_;
  T value_{};
  std::uint64_t version_ = detail::first_version();
  detail::Replaceable<Result<T>(T, const Call&)> accept_;
};

// A signal.
template <typename Data>
class ServedSignal final : public ServedMember {
 public:
  ServedSignal(Server* server, const char* name) : ServedMember(server, name, Kind::signal) {}
  ~ServedSignal() { leave(); }
  ServedSignal(const ServedSignal&) = delete;
  ServedSignal& operator=(const ServedSignal&) = delete;

  // Sends it to everyone who listens. False: the data cannot be encoded.
  bool emit(const Data& data = {}) {
    Writer out(Codec::messagepack);
    detail::Coder<Data>::write(out, data);
    if (!out.ok()) return false;
    ServedMember::emit({std::move(out.out), {}}, false);
    return true;
  }

  void invoke(const std::shared_ptr<detail::ServedCall>& call, detail::Frame&,
              std::uint32_t) override {
    const Call handle(std::make_shared<detail::Hold>(call));
    refuse_unimplemented(*call);
  }
  [[nodiscard]] bool declares(const std::string&) const override { return false; }
};

}  // namespace rpc
}  // namespace busbar

#endif
