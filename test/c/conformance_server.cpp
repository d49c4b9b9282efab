// Serves the conformance interface in C++, on a bus or over a wire: `conformance_server START`,
// which is JSON. Follows the orders of its test and tells what happens, in lines of JSON.
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <string>

#include "backend.hpp"
#include "conformance.hpp"

#if defined(__linux__)
#include <dirent.h>
#include <unistd.h>
#endif

namespace {

namespace rpc = busbar::rpc;

void tell(const std::string& news) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  rpc::Writer line(rpc::Codec::json);
  line.text(news);
  std::printf("%s\n", line.out.c_str());
  std::fflush(stdout);
}

// What the test says to methods that hold.
class Held {
 public:
  void hold(const std::string& key, const rpc::Reply<std::string>& reply) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      waiting_.insert_or_assign(key, reply);
    }
    reply.call().on_cancel([this, key] {
      tell("aborted " + key);
      (void)take(key);
    });
    tell("held " + key);
  }
  void release(const std::string& key, const std::string& value) {
    if (const auto reply = take(key)) (*reply)(value);
  }
  void clear() {
    std::map<std::string, rpc::Reply<std::string>> waiting;
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting.swap(waiting_);
  }

 private:
  std::optional<rpc::Reply<std::string>> take(const std::string& key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = waiting_.find(key);
    if (found == waiting_.end()) return std::nullopt;
    std::optional<rpc::Reply<std::string>> reply(found->second);
    waiting_.erase(found);
    return reply;
  }

  std::mutex mutex_;
  std::map<std::string, rpc::Reply<std::string>> waiting_;
};

std::uint32_t open_descriptors() {
  std::uint32_t count = 0;
#if defined(__linux__)
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
#endif
  return count;
}

// The numbers from 0, below `count`; tells when they are no longer asked for.
std::function<rpc::Next<std::uint32_t>()> numbers_below(std::uint32_t count,
                                                        const std::string& at_end) {
  struct Counter {
    std::uint32_t next = 0;
    std::string at_end;
    ~Counter() {
      if (!at_end.empty()) tell(at_end);
    }
  };
  auto counter = std::make_shared<Counter>();
  counter->at_end = at_end;
  return [counter, count]() -> rpc::Next<std::uint32_t> {
    if (counter->next == count) return {std::nullopt, true};
    return {counter->next++, false};
  };
}

using Server = conformance::ConformanceServer;

void set_calls(Server& server, Held& held, const std::string& name) {
  server.add = [](const conformance::Add& args) { return args.a + args.b; };
  server.echo = [](const conformance::Echo& args) { return args.value; };
  server.optional = [](const conformance::Optional& args) { return args.n; };
  server.nothing = [] { tell("nothing"); };
  server.name = [name] { return name; };
  server.fail = [](const conformance::Fail& args) -> rpc::Result<bool> {
    if (args.how == "declared") return rpc::fail(conformance::TooBig{9}, "it is too big");
    if (args.how == "forged") return rpc::Error("PEER_GONE", "forged");
    if (args.how == "data") return rpc::Error("INVALID_RESULT", "the data is wrong");
    if (args.how == "async") throw std::invalid_argument("later");
    if (args.how == "nothing") throw 7;
    throw std::out_of_range("undeclared");
  };
  server.wrong_result = [](const rpc::Reply<std::uint32_t>& reply) {
    reply(rpc::Error("INVALID_RESULT", "the result is wrong"));
  };
  server.hold = [&held](const conformance::Hold& args, const rpc::Reply<std::string>& reply) {
    held.hold(args.key, reply);
  };
  server.hold_again = [&held](const conformance::HoldAgain& args,
                              const rpc::Reply<std::string>& reply) { held.hold(args.key, reply); };
  server.stubborn = [&held](const rpc::Reply<rpc::Nothing>& reply) {
    tell("stubborn");
    static std::vector<rpc::Reply<rpc::Nothing>> kept;
    kept.push_back(reply);
    (void)held;
  };
  server.time_left = [](const rpc::Call& call) {
    if (call.deadline() == rpc::Clock::time_point::max()) return 1e9;
    return std::chrono::duration<double, std::milli>(call.deadline() - rpc::Clock::now()).count();
  };
  server.attempt = [](const rpc::Call& call) { return call.attempt(); };
  server.caller = [](const rpc::Call& call) {
    return conformance::CallerResult{static_cast<double>(call.peer_id()),
                                     static_cast<double>(call.pid())};
  };
  server.big = [](const conformance::Big& args) { return rpc::ByteArray(args.size, std::byte{7}); };
}

void set_streams(Server& server) {
  server.numbers = [](const conformance::Numbers& args, const rpc::Sink<std::uint32_t>& sink) {
    sink.pull(numbers_below(args.count, "numbers ended"));
  };
  server.numbers_then_fail = [](const conformance::NumbersThenFail& args,
                                const rpc::Sink<std::uint32_t>& sink) {
    const std::uint32_t count = args.count;
    sink.pull(numbers_below(count, ""), [count]() -> rpc::Result<rpc::Nothing> {
      return rpc::fail(conformance::Ended{count});
    });
  };
  server.chunks = [](const conformance::Chunks& args, const rpc::Sink<rpc::ByteArray>& sink) {
    sink.pull([args, n = std::uint32_t{0}]() mutable -> rpc::Next<rpc::ByteArray> {
      if (n == args.count) return {std::nullopt, true};
      tell("chunk " + std::to_string(n));
      return {rpc::ByteArray(args.size, static_cast<std::byte>(n++ & 0xFFU)), false};
    });
  };
  server.numbers_then_wait = [](const conformance::NumbersThenWait& args,
                                const rpc::Sink<std::uint32_t>& sink) {
    sink.call().on_cancel([] { tell("stream closed"); });
    auto next = numbers_below(args.count, "");
    sink.pull([next, waits = false]() mutable -> rpc::Next<std::uint32_t> {
      rpc::Next<std::uint32_t> found = next();
      if (found.item) return found;
      if (!waits) tell("waiting");
      waits = true;
      return {};
    });
  };
  server.wrong_items = [](const rpc::Sink<std::uint32_t>& sink) {
    (void)sink.write(1);
    sink.end(rpc::Error("INVALID_RESULT", "an item is wrong"));
  };
  server.counted = [](const conformance::Counted& args,
                      const rpc::Sink<std::uint32_t, std::string>& sink) {
    const std::uint32_t count = args.count;
    sink.pull(numbers_below(count, ""),
              [count]() -> rpc::Result<std::string> { return std::to_string(count) + " in all"; });
  };
  server.sum = [](const rpc::Received<std::uint32_t>& input, const rpc::Reply<double>& reply) {
    auto sum = std::make_shared<double>(0);
    input.each([sum](std::uint32_t n) { *sum += n; },
               [sum, reply](const std::optional<rpc::Error>& error) {
                 if (!error) reply(*sum);
               });
  };
  server.sum_some = [](const conformance::SumSome& args, const rpc::Received<std::uint32_t>& input,
                       const rpc::Reply<double>& reply) {
    auto sum = std::make_shared<double>(0);
    input.each(
        [sum, reply, left = args.count](std::uint32_t n) mutable {
          if (left == 0) return;
          *sum += n;
          if (--left == 0) reply(*sum);
        },
        [sum, reply](const std::optional<rpc::Error>&) { reply(*sum); });
  };
  server.double_ = [](const rpc::Received<std::uint32_t>& input,
                      const rpc::Sink<std::uint32_t>& sink) {
    input.on_ready([sink] { sink.resume(); });
    sink.pull([input]() -> rpc::Next<std::uint32_t> {
      rpc::Next<std::uint32_t> next = input.poll();
      if (next.item) *next.item *= 2;
      return next;
    });
  };
}

void set_attachments(Server& server) {
  server.region = [](const conformance::Region& args) -> rpc::Result<rpc::Region> {
    auto made = rpc::Region::create(args.size);
    if (!made) return rpc::Error("HANDLER_FAILED", "no memory");
    std::memset(made->bytes().data(), 3, args.size);
    return *made;
  };
  server.weigh = [](const conformance::Weigh& args, const rpc::Reply<std::uint32_t>& reply) {
    std::uint32_t sum = 0;
    for (const std::byte each : args.region.bytes()) sum += std::to_integer<std::uint32_t>(each);
    if (args.keep) tell("kept " + std::to_string(args.region.bytes().size()));
    reply(sum);
  };
  server.regions = [](const conformance::Regions& args,
                      const rpc::Sink<conformance::RegionsItem>& sink) {
    sink.pull([left = args.count]() mutable -> rpc::Next<conformance::RegionsItem> {
      if (left == 0) return {std::nullopt, true};
      --left;
      auto made = rpc::Region::create(4096);
      return {conformance::RegionsItem{made ? *made : rpc::Region()}, false};
    });
  };
#if defined(__linux__)
  server.object = [] { return rpc::Object(dup(0)); };
#endif
  server.holdings = [] { return open_descriptors(); };
}

void set_state(Server& server, const std::string& name) {
  (void)server.level.set(1);
  (void)server.title.set(name);
  server.level.on_set([](std::uint32_t value, const rpc::Call&) -> rpc::Result<std::uint32_t> {
    if (value == 13) return rpc::Error("REFUSED", "13 is refused");
    return std::min<std::uint32_t>(value, 1000);
  });
  server.put_level = [&server](const conformance::PutLevel& args) {
    (void)server.level.set(args.value);
  };
  server.emit_tick = [&server](const conformance::EmitTick& args) {
    (void)server.tick.emit({args.n});
  };
}

// How the test starts it.
struct StartOptions {
  std::optional<std::string> label;
  std::optional<std::uint32_t> concurrency;
  std::optional<std::uint32_t> queue;
  std::optional<std::uint32_t> per_caller;
  std::optional<std::string> error_messages;
  std::uint32_t linger = 1000;
  static constexpr auto fields() {
    return rpc::fields("label", &StartOptions::label, "concurrency", &StartOptions::concurrency,
                       "queue", &StartOptions::queue, "perCaller", &StartOptions::per_caller,
                       "errorMessages", &StartOptions::error_messages, "linger?",
                       &StartOptions::linger);
  }
};
struct Start {
  std::string name;
  // The name of a bus, or a wire.
  rpc::Value place;
  StartOptions options;
  static constexpr auto fields() {
    return rpc::fields("name", &Start::name, "place", &Start::place, "options", &Start::options);
  }
};

template <typename T>
bool read_json(const std::string& text, T& value) {
  rpc::Reader in(text, rpc::Codec::json, nullptr);
  if (rpc::detail::Coder<T>::read(in, value) && in.end()) return true;
  std::fprintf(stderr, "%s: %s\n", text.c_str(), in.problem().c_str());
  return false;
}

std::string text_in(const rpc::Value& place, const char* key) {
  const rpc::Value* value = place.find(key);
  const std::string* text = value == nullptr ? nullptr : value->get<std::string>();
  return text == nullptr ? std::string() : *text;
}

// Opens the place, as server-wire.ts names it.
busbar::Result<rpc::Session> open(const rpc::Value& place) {
  if (const auto* bus = place.get<std::string>()) return rpc::Session::join(bus->c_str());
  rpc::WireOptions options;
  if (const rpc::Value* given = place.find("options")) options.token = text_in(*given, "token");
  const std::string wire = text_in(place, "wire");
  if (wire == "stdio") return rpc::listen_wire(rpc::WireAddress::parent(), options);
  if (wire == "unix")
    return rpc::listen_wire(rpc::WireAddress::unix_socket(text_in(place, "path")), options);
  auto session = rpc::listen_wire(rpc::WireAddress::tcp(0), options);
  if (session) tell("port " + std::to_string(rpc::wire_port(*session)));
  return session;
}

rpc::ServeOptions options_of(const StartOptions& given) {
  rpc::ServeOptions options;
  if (given.label) options.label.push_back(*given.label);
  options.concurrency = given.concurrency.value_or(4096);
  options.queue = given.queue.value_or(1024);
  options.per_caller = given.per_caller.value_or(1024);
  options.error_messages = given.error_messages != "hide";
  options.on_error = [](const std::string& method, const rpc::Error&) {
    tell("error in " + method);
  };
  return options;
}

void obey(Server& server, Held& held, const std::vector<std::string>& order) {
  const std::string& what = order[0];
  if (what == "release") held.release(order[1], order[2]);
  if (what == "remove") server.name = nullptr;
  if (what == "implement") server.name = [value = order[2]] { return value; };
  if (what == "level") (void)server.level.set(static_cast<std::uint32_t>(std::stoul(order[1])));
  if (what == "tick") {
    (void)server.tick.emit({static_cast<std::uint32_t>(std::stoul(order[1]))});
  }
  tell("done " + what);
}

}  // namespace

int main(int argc, char** argv) {
  Start start;
  if (argc != 2 || !read_json(argv[1], start)) return 2;
  auto session = open(start.place);
  if (!session) {
    std::fprintf(stderr, "%s\n", session.status().message());
    return 1;
  }
  Held held;
  Server server;
  set_calls(server, held, start.name);
  set_streams(server);
  set_attachments(server);
  set_state(server, start.name);
  server.nested = [&session](const conformance::Nested& args,
                             const rpc::Reply<std::string>& reply) {
    static backend::BackendClient client(*session);
    if (args.how == "wait") {
      client.wait({}, reply.call().within()).then(reply);
    } else {
      client.time_left({}, reply.call().within()).then([reply](const rpc::Result<double>& left) {
        if (left) {
          reply(std::to_string(*left));
        } else {
          reply(left.error());
        }
      });
    }
  };
  const busbar::Status served = session->serve(server, options_of(start.options));
  if (!served) {
    std::fprintf(stderr, "%s\n", served.message());
    return 1;
  }
  tell("serving");
  std::string line;
  std::thread closing;
  while (std::getline(std::cin, line)) {
    std::vector<std::string> order;
    if (!read_json(line, order)) return 2;
    order.resize(3);
    if (order[0] != "close") {
      obey(server, held, order);
      continue;
    }
    // In a thread, since orders still come: to release what it waits for.
    closing = std::thread([&] {
      server.close(std::chrono::milliseconds(start.options.linger));
      session->close();
      tell("closed");
      std::_Exit(0);
    });
  }
  if (closing.joinable()) closing.join();
  return 0;
}
