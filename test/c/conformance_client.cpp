// Calls the conformance interface at servers in any language: `conformance_client BUS CODEC`.
// Orders of its own to the test, which starts, kills and commands the servers, are lines on
// standard output; what the servers tell comes in lines on standard input.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <set>
#include <string>

#include "conformance.hpp"

namespace {

namespace rpc = busbar::rpc;
using conformance::ConformanceClient;

void order(const std::string& what, const std::string& server, const std::string& a = "",
           const std::string& b = "") {
  std::printf("%s\t%s\t%s\t%s\n", what.c_str(), server.c_str(), a.c_str(), b.c_str());
  std::fflush(stdout);
}

// What the servers told, each line once.
void hear(const std::string& wanted) {
  static std::multiset<std::string> heard;
  std::string line;
  for (;;) {
    const auto found = heard.find(wanted);
    if (found != heard.end()) {
      heard.erase(found);
      return;
    }
    if (!std::getline(std::cin, line)) std::exit(3);
    heard.insert(line);
  }
}

void check(bool good, const char* what, int line) {
  if (good) return;
  std::fprintf(stderr, "conformance_client.cpp:%d: not so: %s\n", line, what);
  std::exit(1);
}
#define CHECK(condition) check((condition), #condition, __LINE__)

template <typename R>
bool failed(const rpc::Result<R>& result, const char* code) {
  if (!result && result.error().code == code) return true;
  std::fprintf(stderr, "%s: %s\n", result ? "done" : result.error().code.c_str(),
               result ? "" : result.error().message.c_str());
  return false;
}

rpc::Options within(int milliseconds) {
  rpc::Options options;
  options.timeout = std::chrono::milliseconds(milliseconds);
  return options;
}
rpc::Options at(const char* label) {
  rpc::Options options;
  options.to = label;
  return options;
}

void calls(const ConformanceClient& client) {
  CHECK(*client.add({1, 2}).get() == 3);
  CHECK(client.nothing().get().ok());
  rpc::Value::Map map{{"list", rpc::Value::List{1, 2.5, "ä€𝄞", nullptr, true}}};
  CHECK(*client.echo({map}).get() == rpc::Value(map));
  CHECK(*client.optional().get() == 7);
  CHECK(*client.optional({8}).get() == 8);
  const auto bytes = client.big({3'000'000}).get();
  CHECK(bytes && bytes->size() == 3'000'000 && bytes->back() == std::byte{7});
  std::vector<rpc::Pending<double>> many;
  many.reserve(1000);
  for (int n = 0; n < 1000; ++n) many.push_back(client.add({static_cast<double>(n), 1}));
  for (int n = 0; n < 1000; ++n) CHECK(*many[static_cast<std::size_t>(n)].get() == n + 1);
  order("passed", "calls");
}

void errors(const ConformanceClient& client) {
  const auto declared = client.fail({"declared"}).get();
  CHECK(failed(declared, "TooBig") && declared.error().message == "it is too big");
  const auto* data = declared.error().as<conformance::TooBig>();
  CHECK(data != nullptr && data->limit == 9);
  CHECK(declared.error().as<conformance::Ended>() == nullptr);
  CHECK(declared.error().executed == rpc::Executed::yes);
  CHECK(failed(client.fail({"sync"}).get(), "HANDLER_FAILED"));
  CHECK(failed(client.fail({"forged"}).get(), "HANDLER_FAILED"));
  CHECK(failed(client.fail({"data"}).get(), "INVALID_RESULT"));
  CHECK(failed(client.wrong_result().get(), "INVALID_RESULT"));
  CHECK(failed(client.fail({"\xFF"}).get(), "INVALID_ARGUMENT"));
  CHECK(failed(client.name({}, at("a) | (b")).get(), "INVALID_ARGUMENT"));
  order("passed", "errors");
}

void futures(const ConformanceClient& client) {
  std::promise<double> promise;
  client.add({2, 3}).then([&promise](const rpc::Result<double>& sum) { promise.set_value(*sum); });
  CHECK(promise.get_future().get() == 5);
  CHECK(*client.add({3, 4}).future().get() == 7);
  // The session's own thread cannot wait for it.
  std::promise<bool> refused;
  const rpc::Subscription watching = client.level.watch([&](const auto&) {
    refused.set_value(failed(client.add({1, 1}).get(), "INVALID_ARGUMENT"));
  });
  CHECK(refused.get_future().get());
  order("passed", "futures");
}

void streams(const ConformanceClient& client) {
  std::uint32_t next = 0;
  rpc::Stream<std::uint32_t> numbers = client.numbers({5000});
  for (const std::uint32_t n : numbers) CHECK(n == next++);
  CHECK(next == 5000 && !numbers.error());
  rpc::Stream<std::uint32_t, std::string> counted = client.counted({2});
  CHECK(counted.next() == 0U && counted.next() == 1U && !counted.next());
  CHECK(*counted.result() == "2 in all");
  rpc::Stream<std::uint32_t> failing = client.numbers_then_fail({3});
  for (std::uint32_t n = 0; n < 3; ++n) CHECK(failing.next() == n);
  CHECK(!failing.next() && failing.error() && failing.error()->code == "Ended");
  CHECK(failing.error()->as<conformance::Ended>()->at == 3);
  order("passed", "stream.items");

  {
    rpc::Stream<std::uint32_t> left = client.numbers({1'000'000});
    CHECK(left.next() == 0U);
  }
  hear("one numbers ended");
  rpc::Stream<std::uint32_t> waiting = client.numbers_then_wait({2});
  CHECK(waiting.next() == 0U && waiting.next() == 1U);
  hear("one waiting");
  waiting.cancel();
  hear("one stream closed");
  CHECK(!waiting.next());
  rpc::Stream<std::uint32_t> late = client.numbers_then_wait({0}, within(50));
  CHECK(!late.next() && late.error()->code == "DEADLINE");
  order("passed", "stream.left");

  std::size_t size = 0;
  for (const rpc::ByteArray& chunk : client.chunks({4, 2'000'000})) size += chunk.size();
  CHECK(size == 8'000'000);
  rpc::Stream<rpc::ByteArray> stopped = client.chunks({10'000, 10'000});
  CHECK(stopped.next().has_value());
  for (int n = 0; n < 50; ++n) CHECK(client.add({1, 1}).get().ok());
  stopped.cancel();
  order("passed", "stream.window");

  std::promise<std::uint32_t> sum;
  rpc::Stream<std::uint32_t>::each(
      client.numbers({600}), [total = std::make_shared<std::uint32_t>(0)](std::uint32_t) {},
      [&sum](const rpc::Result<rpc::Nothing>& end) { sum.set_value(end ? 1 : 0); });
  CHECK(sum.get_future().get() == 1);
  order("passed", "stream.each");
}

void inputs(const ConformanceClient& client) {
  {
    auto [input, result] = client.sum();
    for (std::uint32_t n = 0; n < 10'000; ++n) CHECK(input.write(n));
    input.finish();
    CHECK(*result.get() == 49'995'000);
  }
  {
    auto [input, result] = client.sum();
    input.finish();
    CHECK(*result.get() == 0);
  }
  {
    auto [input, result] = client.sum_some({4});
    std::uint32_t n = 0;
    while (input.write(n)) ++n;
    CHECK(*result.get() == 6);
  }
  order("passed", "input");
  auto [input, doubled] = client.double_();
  std::thread writer([given = &input] {
    for (std::uint32_t n = 0; n < 3000; ++n) CHECK(given->write(n));
    given->finish();
  });
  std::uint32_t next = 0;
  for (const std::uint32_t n : doubled) CHECK(n == 2 * next++);
  writer.join();
  CHECK(next == 3000);
  order("passed", "duplex");
}

void state(const ConformanceClient& client) {
  const auto level = client.level.get().get();
  CHECK(level && level->value == 1);
  const auto set = client.level.set(5).get();
  CHECK(set && set->version == level->version + 1);
  CHECK(failed(client.level.set(6, level->version).get(), "CONFLICT"));
  CHECK(failed(client.level.set(13).get(), "HANDLER_FAILED"));
  CHECK(client.level.set(5000, set->version).get().ok());
  CHECK(client.level.get().get()->value == 1000);
  CHECK(client.title.get().get()->value == "one");
  order("passed", "property");

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::uint32_t> seen;
  rpc::Subscription watching = client.level.watch([&](const rpc::Versioned<std::uint32_t>& value) {
    const std::lock_guard<std::mutex> lock(mutex);
    seen.push_back(value.value);
    changed.notify_all();
  });
  watching.wait();
  CHECK(client.put_level({2}).get().ok());
  {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return seen == std::vector<std::uint32_t>{1000, 2}; });
  }
  watching.close();
  order("passed", "watch");

  std::vector<std::uint32_t> ticks;
  rpc::Subscription listening = client.tick.on(
      [&](const conformance::Tick& data, std::uint64_t) { ticks.push_back(data.n); });
  listening.wait();
  // Signals and answers of one server arrive in the order they were sent in.
  for (std::uint32_t n = 0; n < 20; ++n) CHECK(client.emit_tick({n}).get().ok());
  CHECK(client.nothing().get().ok());
  CHECK(ticks.size() == 20 && ticks.back() == 19);
  listening.close();
  order("passed", "signal");
}

void attachments(const ConformanceClient& client) {
  const auto region = client.region({10'000}).get();
  CHECK(region && region->bytes().size() == 10'000 && region->bytes()[9999] == std::byte{3});
  auto made = rpc::Region::create(4096);
  std::memset(made->bytes().data(), 1, 4096);
  CHECK(*client.weigh({*made, false}).get() == 4096);
  std::size_t count = 0;
  for (const conformance::RegionsItem& item : client.regions({40})) {
    CHECK(item.region.bytes().size() == 4096);
    ++count;
  }
  CHECK(count == 40);
  const auto object = client.object().get();
  CHECK(object && object->get() >= 0);
  CHECK(failed(client.weigh({rpc::Region(), false}).get(), "INVALID_ARGUMENT"));
  order("passed", "attachments");
}

void ends(const ConformanceClient& client) {
  CHECK(failed(client.hold({"a"}, within(50)).get(), "DEADLINE"));
  hear("one held a");
  hear("one aborted a");
  order("passed", "deadline");
  const auto pending = client.hold({"b"});
  hear("one held b");
  pending.cancel();
  CHECK(failed(pending.get(), "CANCELLED"));
  hear("one aborted b");
  order("passed", "cancel");
  CHECK(failed(client
                   .name({},
                         [] {
                           rpc::Options options = at("attic");
                           options.timeout = std::chrono::milliseconds(20);
                           return options;
                         }())
                   .get(),
               "NO_RECIPIENT"));
  order("passed", "nobody");
}

void about(ConformanceClient& client) {
  CHECK(rpc::ping(client).get().ok());
  const auto described = rpc::describe(client).get();
  CHECK(described && described->interfaces.size() == 1);
  const rpc::Value* name = described->interfaces[0].find("interface");
  CHECK(name != nullptr && *name == rpc::Value("com.example.conformance"));
  const auto stats = rpc::stats(client).get();
  CHECK(stats && stats->services.size() == 1);
  const rpc::ServiceStats& service = stats->services[0];
  CHECK(service.interface_name == "com.example.conformance" && service.version == "1.0");
  CHECK(service.running == 0 && service.queued == 0 && !service.leaving);
  const auto counters = [&](const char* member) {
    for (const rpc::MemberStats& each : service.members) {
      if (each.name == member) return each;
    }
    return rpc::MemberStats{};
  };
  CHECK(counters("add").calls > 1000 && counters("add").failures == 0);
  // Declared errors are none.
  CHECK(counters("fail").calls == 4 && counters("fail").failures == 3);
  CHECK(counters("tick").subscribers == 0);
  order("passed", "about");
}

void servers(const ConformanceClient& client) {
  order("start", "full", R"({"concurrency":1,"queue":0,"label":"full"})");
  hear("full serving");
  const auto held = client.hold({"c"}, at("full"));
  hear("full held c");
  const auto busy = client.name({}, at("full")).get();
  CHECK(failed(busy, "BUSY") && busy.error().load == 1);
  for (int n = 0; n < 5; ++n) CHECK(*client.name().get() == "one");
  order("passed", "busy");

  std::promise<std::vector<rpc::Answer<std::string>>> answers;
  client.name.all({}, [&](std::vector<rpc::Answer<std::string>> found) {
    answers.set_value(std::move(found));
  });
  const auto found = answers.get_future().get();
  CHECK(found.size() == 2 && found[0].result.ok() != found[1].result.ok());
  order("passed", "all");

  // Perhaps executed: not sent again. Idempotent: by the next server.
  const auto lost = client.hold({"d"}, at("!full"));
  const auto again = client.hold_again({"e"}, at("!full"));
  hear("one held d");
  hear("one held e");
  order("start", "two");
  hear("two serving");
  order("kill", "one");
  const auto gone = lost.get();
  CHECK(failed(gone, "PEER_GONE") && gone.error().executed == rpc::Executed::maybe);
  hear("two held e");
  order("release", "two", "e", "by two");
  CHECK(*again.get() == "by two");
  order("passed", "gone");
  order("release", "full", "c", "at last");
  CHECK(*held.get() == "at last");
  order("passed", "held");
}

// Servers are two and full.
void first(const rpc::Session& session, const ConformanceClient& client) {
  const auto answer = client.hold_again.first({"f"});
  hear("two held f");
  hear("full held f");
  order("release", "full", "f", "by full");
  CHECK(*answer.get() == "by full");
  hear("two aborted f");
  CHECK(failed(client.hold.first({"f"}).get(), "INVALID_ARGUMENT"));
  for (int n = 0; n < 100; ++n) CHECK(client.name.first().get().ok());
  const auto cancelled = client.hold_again.first({"g"});
  hear("two held g");
  hear("full held g");
  cancelled.cancel();
  CHECK(failed(cancelled.get(), "CANCELLED"));
  hear("two aborted g");
  hear("full aborted g");
  order("passed", "first");

  const auto outlives = ConformanceClient(session).hold({"h"}, at("!full"));
  hear("two held h");
  order("release", "two", "h", "nobody's");
  CHECK(*outlives.get() == "nobody's");
  order("passed", "client.gone");
}

void waiting(const ConformanceClient& client) {
  const auto pending = client.name();
  order("start", "one");
  hear("one serving");
  CHECK(*pending.get() == "one");
  order("passed", "waits");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  auto session = rpc::Session::join(argv[1]);
  if (!session) return 1;
  {
    ConformanceClient client(*session);
    if (std::string(argv[2]) == "json") client.options.codec = rpc::Codec::json;
    waiting(client);
    calls(client);
    errors(client);
    futures(client);
    streams(client);
    inputs(client);
    state(client);
    attachments(client);
    ends(client);
    about(client);
    servers(client);
    first(*session, client);
    const auto open = client.hold({"z"}, at("full"));
    hear("full held z");
    session->close();
    CHECK(failed(open.get(), "CLOSED"));
    CHECK(failed(client.nothing().get(), "CLOSED"));
    order("passed", "closed");
  }
  return 0;
}
