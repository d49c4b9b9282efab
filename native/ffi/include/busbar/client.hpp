// busbar/client.hpp: the members of generated client classes; a part of busbar_rpc.hpp.
#ifndef BUSBAR_RPC_CLIENT_HPP
#define BUSBAR_RPC_CLIENT_HPP

#include <atomic>

#include "busbar/first_call.hpp"

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

// The base of generated client classes, one for each interface. It is not moved: its members know
// it.
class Client {
 public:
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // How calls are made unless they say otherwise.
  Options options;

  // A call stays with the server of the one before, for as long as that is there.
  void stay_with_one_server() { server_ = std::make_shared<std::uint64_t>(0); }

 protected:
  Client(Session session, const char* interface_name, std::uint32_t major)
      : session_(std::move(session)), interface_(interface_name), major_(major) {}
  ~Client() = default;

 private:
  friend class ClientMember;
  Session session_;
  const char* interface_;
  std::uint32_t major_;
  // Of sticky ones: that of the last call.
  std::shared_ptr<std::uint64_t> server_;
};

// Marks methods that may be executed twice: their calls are sent to another server if theirs dies.
struct Idempotent {};
inline constexpr Idempotent idempotent{};

// The base of the members of clients.
class ClientMember {
 protected:
  ClientMember(Client* client, const char* name, bool is_idempotent)
      : client_(client),
        member_(std::make_shared<detail::Member>(client->interface_, client->major_, name)),
        is_idempotent_(is_idempotent) {}
  // One that every server of the client's interface has.
  ClientMember(Client* client, const char* name, const busbar_uuid& type)
      : client_(client),
        member_(std::make_shared<detail::Member>(
            detail::Member(client->interface_, client->major_, ""), name, type)),
        is_idempotent_(true) {}

  template <typename Call>
  [[nodiscard]] std::shared_ptr<Call> make(std::uint32_t kind) const {
    return std::make_shared<Call>(client_->session_.core(), member_, kind);
  }
  [[nodiscard]] detail::Core& core() const { return *client_->session_.core(); }
  [[nodiscard]] Options merged(const Options& given) const {
    Options merged = client_->options;
    if (!given.to.empty() || given.peer != 0) {
      merged.to = given.to;
      merged.peer = given.peer;
    }
    if (given.timeout) merged.timeout = given.timeout;
    if (given.codec) merged.codec = given.codec;
    if (given.within) merged.within = given.within;
    return merged;
  }
  // Encodes the arguments, and starts the call; a wrong argument fails it at once.
  template <typename Args>
  [[nodiscard]] bool prepare(detail::PendingCall& call, const Args& args,
                             const Options& options) const {
    call.codec = options.codec.value_or(Codec::messagepack);
    call.idempotent = is_idempotent_;
    call.affinity = client_->server_;
    if constexpr (!std::is_same_v<Args, Nothing>) {
      Writer out(call.codec);
      detail::Coder<Args>::write(out, args);
      if (!out.ok()) {
        call.failed(
            Error{"INVALID_ARGUMENT", call.member.name + ": " + out.problem(), Executed::no});
        return false;
      }
      call.request = {std::move(out.out), std::move(out.attachments)};
    } else if (call.codec == Codec::json) {
      call.request.payload = "null";
    }
    return true;
  }

  Client* client_;
  std::shared_ptr<const detail::Member> member_;
  bool is_idempotent_;
};

// What one of several servers answered.
template <typename R>
struct Answer {
  std::uint64_t peer_id;
  Result<R> result;
};

// A method with one result.
template <typename Args, typename R, typename... Errors>
class Method : ClientMember {
 public:
  Method(Client* client, const char* name) : ClientMember(client, name, false) {}
  Method(Client* client, const char* name, Idempotent)
      : ClientMember(client, name, true), durations_(std::make_shared<detail::Durations>()) {}

  Pending<R> operator()(const Args& args = {}, const Options& given = {}) const {
    return Pending<R>(begin(args, merged(given), 0));
  }
  // Calls a second server, too, when the first one takes longer than 95 of 100 calls did. The first
  // answer counts; the other call is cancelled. INVALID_ARGUMENT if the method is not idempotent.
  Pending<R> first(const Args& args = {}, const Options& given = {}) const {
    const Options options = merged(given);
    auto call = make<Call>(BUSBAR_RPC_CALL);
    if (durations_ == nullptr) {
      call->failed(Error{"INVALID_ARGUMENT",
                         call->member.name + " is not idempotent, so it cannot be called twice",
                         Executed::no});
      return Pending<R>(std::move(call));
    }
    const bool is_good = prepare(*call, args, options);
    auto both =
        std::make_shared<detail::FirstCall<R, Errors...>>(std::move(call), options, durations_);
    both->begin(is_good);
    return Pending<R>(std::move(both));
  }
  // Calls all servers that are there now, and calls back once all have answered or are gone.
  void all(const Args& args, std::function<void(std::vector<Answer<R>>)> callback,
           const Options& given = {}) const {
    const Options options = merged(given);
    struct Gathering {
      std::mutex mutex;
      std::vector<Answer<R>> answers;
      std::size_t left = 0;
    };
    const std::vector<std::uint64_t> peers = detail::candidates(core(), *member_, options.to);
    auto gathering = std::make_shared<Gathering>();
    gathering->left = peers.size();
    if (peers.empty()) return callback({});
    for (const std::uint64_t peer : peers) {
      begin(args, options, peer)->then([gathering, callback, peer](Result<R> result) {
        {
          const std::lock_guard<std::mutex> lock(gathering->mutex);
          gathering->answers.push_back({peer, std::move(result)});
          if (--gathering->left > 0) return;
        }
        callback(std::move(gathering->answers));
      });
    }
  }

 private:
  using Call = detail::UnaryCall<R, Errors...>;
  [[nodiscard]] std::shared_ptr<Call> begin(const Args& args, const Options& options,
                                            std::uint64_t only) const {
    auto call = make<Call>(BUSBAR_RPC_CALL);
    call->only = only;
    if (prepare(*call, args, options)) detail::start(call, options);
    return call;
  }

  // Of an idempotent one.
  std::shared_ptr<detail::Durations> durations_;
};

// A method that streams to its caller.
template <typename Args, typename Item, typename R = Nothing, typename... Errors>
class StreamMethod : ClientMember {
 public:
  StreamMethod(Client* client, const char* name) : ClientMember(client, name, false) {}
  StreamMethod(Client* client, const char* name, Idempotent) : ClientMember(client, name, true) {}

  Stream<Item, R> operator()(const Args& args = {}, const Options& given = {}) const {
    auto call = make<detail::StreamCall<Item, R, Errors...>>(BUSBAR_RPC_CALL);
    call->options = merged(given);
    if (!prepare(*call, args, call->options)) call->begun = true;
    return Stream<Item, R>(std::move(call));
  }
};

// A method that its caller streams to: the input, and the result that comes after it.
template <typename Args, typename In, typename R, typename... Errors>
class InputMethod : ClientMember {
 public:
  InputMethod(Client* client, const char* name) : ClientMember(client, name, false) {}
  InputMethod(Client* client, const char* name, Idempotent) : ClientMember(client, name, true) {}

  std::pair<Input<In>, Pending<R>> operator()(const Args& args = {},
                                              const Options& given = {}) const {
    const Options options = merged(given);
    auto call = make<detail::UnaryCall<R, Errors...>>(BUSBAR_RPC_CALL);
    const bool good = prepare(*call, args, options);
    auto input = detail::make_input(*call);
    if (good) detail::start(call, options);
    return {Input<In>(call, std::move(input)), Pending<R>(call)};
  }
};

// A method that streams in both directions.
template <typename Args, typename In, typename Item, typename R = Nothing, typename... Errors>
class DuplexMethod : ClientMember {
 public:
  DuplexMethod(Client* client, const char* name) : ClientMember(client, name, false) {}
  DuplexMethod(Client* client, const char* name, Idempotent) : ClientMember(client, name, true) {}

  std::pair<Input<In>, Stream<Item, R>> operator()(const Args& args = {},
                                                   const Options& given = {}) const {
    auto call = make<detail::StreamCall<Item, R, Errors...>>(BUSBAR_RPC_CALL);
    call->options = merged(given);
    const bool good = prepare(*call, args, call->options);
    auto input = detail::make_input(*call);
    if (good) {
      call->begin();
    } else {
      call->begun = true;
    }
    return {Input<In>(call, std::move(input)), Stream<Item, R>(call)};
  }
};

// The value of a property. Versions grow with each value of one server.
template <typename T>
struct Versioned {
  T value{};
  U53 version = 0;
  // For a watcher: the server is gone, so that the value may be wrong by now.
  bool is_stale = false;

  static constexpr auto fields() {
    return rpc::fields("value", &Versioned::value, "version", &Versioned::version);
  }
};

// The version of a property that was set.
struct PropertyVersion {
  U53 version = 0;

  static constexpr auto fields() { return rpc::fields("version", &PropertyVersion::version); }
};

// A property that clients read.
template <typename T>
class ReadOnlyProperty : protected ClientMember {
 public:
  ReadOnlyProperty(Client* client, const char* name) : ClientMember(client, name, true) {}

  [[nodiscard]] Pending<Versioned<T>> get(const Options& given = {}) const {
    const Options options = merged(given);
    auto call = make<detail::UnaryCall<Versioned<T>>>(BUSBAR_RPC_CALL);
    if (prepare(*call, Nothing{}, options)) detail::start(call, options);
    return Pending<Versioned<T>>(std::move(call));
  }
  // Calls back with the present value and each new one, on the session's thread. A callback that
  // is slow gets the newest. When the server is gone it hears the last value as stale, then that of
  // the next server.
  [[nodiscard]] Subscription watch(std::function<void(const Versioned<T>&)> callback,
                                   const Options& given = {}) const {
    const Options options = merged(given);
    auto call = make<detail::WatchCall<T>>(BUSBAR_RPC_SUBSCRIBE);
    auto last = std::make_shared<Versioned<T>>();
    call->on_frame = [last, callback](detail::Frame& frame, bool) {
      Versioned<T> found;
      // What cannot be read is nothing that a listener could use.
      if (!detail::decode(frame, found).empty()) return;
      if (!last->is_stale && found.version <= last->version) return;
      *last = std::move(found);
      callback(*last);
    };
    call->on_stale = [last, callback] {
      if (last->version == 0) return;
      last->is_stale = true;
      callback(*last);
    };
    std::shared_future<void> ready = call->activated.get_future().share();
    if (prepare(*call, Nothing{}, options)) detail::start(call, options);
    return Subscription(std::move(call), std::move(ready));
  }
};

// A property that clients also set.
template <typename T>
class Property : public ReadOnlyProperty<T> {
 public:
  using ReadOnlyProperty<T>::ReadOnlyProperty;

  // The new version. With `if_version`, CONFLICT if the property has another one.
  [[nodiscard]] Pending<PropertyVersion> set(const T& value,
                                             std::optional<U53> if_version = std::nullopt,
                                             const Options& given = {}) const {
    const Options options = this->merged(given);
    auto call = this->template make<detail::UnaryCall<PropertyVersion>>(BUSBAR_RPC_SET);
    if (this->prepare(*call, Setting{value, if_version}, options)) {
      // Perhaps executed is perhaps set.
      call->idempotent = false;
      detail::start(call, options);
    }
    return Pending<PropertyVersion>(std::move(call));
  }

 private:
  struct Setting {
    T value;
    std::optional<U53> if_version;
    static constexpr auto fields() {
      return rpc::fields("value", &Setting::value, "ifVersion", &Setting::if_version);
    }
  };
};

// A signal.
template <typename Data>
class Signal : ClientMember {
 public:
  Signal(Client* client, const char* name) : ClientMember(client, name, true) {}

  // Calls back with the data of each signal, and its sender, on the session's thread. When the
  // server is gone it hears the next one.
  [[nodiscard]] Subscription on(std::function<void(const Data&, std::uint64_t peer_id)> callback,
                                const Options& given = {}) const {
    const Options options = merged(given);
    auto call = make<detail::WatchCall<Data>>(BUSBAR_RPC_SUBSCRIBE);
    call->on_frame = [callback](detail::Frame& frame, bool is_answer) {
      Data found{};
      if (is_answer || !detail::decode(frame, found).empty()) return;
      callback(found, frame.peer);
    };
    std::shared_future<void> ready = call->activated.get_future().share();
    if (prepare(*call, Nothing{}, options)) detail::start(call, options);
    return Subscription(std::move(call), std::move(ready));
  }
};

}  // namespace rpc
}  // namespace busbar

#endif
