// busbar/client.hpp: the members of generated client classes; a part of busbar_rpc.hpp.
#ifndef BUSBAR_RPC_CLIENT_HPP
#define BUSBAR_RPC_CLIENT_HPP

#include "busbar/client_stream.hpp"
#include "busbar/first_call.hpp"

namespace busbar {
namespace rpc {

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
