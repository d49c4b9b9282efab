// Calls a server of the conformance interface over a wire: `wire_client PATH TOKEN`. Prints what
// comes back, a line each; then waits for the death of the server with a call in hand.
#include <cstdio>
#include <string>

#include "conformance.hpp"

namespace {

namespace rpc = busbar::rpc;

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

template <typename T>
std::string code_of(const rpc::Result<T>& result) {
  return result ? "ok" : result.error().code;
}

void use(const rpc::Session& session) {
  conformance::ConformanceClient client(session);
  const auto sum = client.add({1, 2}).get();
  say("add " + std::to_string(sum ? *sum : -1));
  say("big " + std::to_string(client.big({3'000'000}).get().value().size()));
  say("fail " + code_of(client.fail({"declared"}).get()));
  say("attachment " + code_of(client.region({4096}).get()));
  auto stream = client.numbers({5000});
  std::uint64_t total = 0;
  while (const auto n = stream.next()) total += *n;
  say("stream " + std::to_string(total));
  rpc::Options quick;
  quick.timeout = std::chrono::milliseconds(50);
  say("deadline " + code_of(client.stubborn({}, quick).get()));
  say("level " + std::to_string(client.level.get().get().value().value));
  rpc::Options elsewhere;
  elsewhere.to = "kitchen";
  say("to " + code_of(client.nothing({}, elsewhere).get()));
  const auto held = client.hold({"a"});
  const auto end = held.get();
  say("gone " + code_of(end));
  say("closed " + code_of(client.nothing().get()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const auto address = rpc::WireAddress::unix_socket(argv[1]);
  rpc::WireOptions options;
  options.token = "cod";
  say("token " + std::to_string(rpc::connect_wire(address, options).status().code()));
  say("nobody " +
      std::to_string(rpc::connect_wire(rpc::WireAddress::unix_socket("/nowhere")).status().code()));
  options.token = argv[2];
  auto session = rpc::connect_wire(address, options);
  if (!session) {
    std::fprintf(stderr, "%s\n", session.status().message());
    return 1;
  }
  use(*session);
  return 0;
}
