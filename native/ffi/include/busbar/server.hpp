// busbar/server.hpp: the members of generated server classes; a part of busbar_rpc.hpp.
#ifndef BUSBAR_RPC_SERVER_HPP
#define BUSBAR_RPC_SERVER_HPP

#include "busbar/served_call.hpp"

namespace busbar {
namespace rpc {

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
