// Calls in C++ between two processes: the same object there and back as in ../harness/service.mjs.
// Usage: rpc_calls <unused> <milliseconds> <mode>
//
//   many   64 calls in flight, with callbacks; calls a second, and time on a core of each side
//   one    one at a time, waiting; microseconds
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <busbar_rpc.hpp>

#include <csignal>
#include <cstdlib>
#include <cstring>

#include "ramp.h"

namespace {

namespace rpc = busbar::rpc;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kInFlight = 64;
constexpr std::uint64_t kOldest = 1'700'000'000'000;

struct Reading {
  std::uint32_t id = 0;
  std::string name;
  double ts = 0;
  std::uint8_t flags = 0;
  static constexpr auto fields() {
    return rpc::fields("id", &Reading::id, "name", &Reading::name, "ts", &Reading::ts, "flags",
                       &Reading::flags);
  }
};

struct BenchClient : rpc::Client {
  explicit BenchClient(rpc::Session session) : Client(std::move(session), "com.example.bench", 1) {}
  rpc::Method<Reading, Reading> adjust{this, "adjust"};
  rpc::Method<rpc::Nothing, double> used{this, "used"};
};

struct BenchServer : rpc::Server {
  BenchServer() : Server("com.example.bench", 1) {}
  rpc::ServedMethod<Reading, Reading> adjust{this, "adjust"};
  rpc::ServedMethod<rpc::Nothing, double> used{this, "used"};
};

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

// Microseconds that this process has been on a core.
double used_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

rpc::Session join(const std::string& bus) {
  auto session = rpc::Session::join(bus.c_str());
  if (!session) fail("cannot join the bus");
  return *session;
}

[[noreturn]] void serve(const std::string& bus) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  rpc::Session session = join(bus);
  BenchServer server;
  server.adjust = [](Reading reading) {
    reading.flags = static_cast<std::uint8_t>(reading.flags ^ 1U);
    return reading;
  };
  server.used = [](const rpc::Nothing&) { return used_microseconds(); };
  if (!session.serve(server)) fail("cannot serve");
  for (;;) pause();
}

// Made for each call, as a program would.
Reading reading(std::uint64_t at) {
  return {static_cast<std::uint32_t>(at), "sensor-temperature", static_cast<double>(kOldest + at),
          static_cast<std::uint8_t>(at)};
}

void check(const rpc::Result<Reading>& result) {
  if (!result) fail(result.error().message.c_str());
  const Reading& answer = *result;
  const bool fits = answer.ts - answer.id == static_cast<double>(kOldest) &&
                    answer.flags == ((answer.id & 0xFFU) ^ 1U) && answer.name.size() == 18;
  if (!fits) fail("a wrong answer");
}

// Calls with callbacks: each answer begins the next call, on the session's thread.
class Flight {
 public:
  Flight(const BenchClient& client, std::uint64_t count) : client_(client), count_(count) {}

  void run() {
    // Those that begin before the first answer; from then on the session's thread begins the
    // others.
    begun_ = std::min(kInFlight, count_);
    const std::uint64_t first = begun_;
    for (std::uint64_t at = 0; at < first; ++at) begin(at);
    over_.get_future().wait();
  }

 private:
  void begin(std::uint64_t at) {
    client_.adjust(reading(at)).then([this](const rpc::Result<Reading>& result) {
      check(result);
      const std::uint64_t next = begun_.fetch_add(1);
      if (next < count_) begin(next);
      if (ended_.fetch_add(1) + 1 == count_) over_.set_value();
    });
  }

  const BenchClient& client_;
  const std::uint64_t count_;
  std::atomic<std::uint64_t> begun_{0};
  std::atomic<std::uint64_t> ended_{0};
  std::promise<void> over_;
};

void measure_many(const BenchClient& client, double seconds) {
  double lead = 0;
  double follow = 0;
  const bench::Measured measured = bench::ramp(seconds, [&](std::uint64_t count) {
    const double served = *client.used().get();
    const double called = used_microseconds();
    const auto start = Clock::now();
    Flight(client, count).run();
    const double took = std::chrono::duration<double>(Clock::now() - start).count();
    lead = (used_microseconds() - called) / static_cast<double>(count);
    follow = (*client.used().get() - served) / static_cast<double>(count);
    return took;
  });
  std::printf(
      "{\"perSecond\":%.1f,\"count\":%llu,\"seconds\":%.9f,\"leadCpu\":%.3f,\"followCpu\":%.3f}\n",
      static_cast<double>(measured.count) / measured.seconds,
      static_cast<unsigned long long>(measured.count), measured.seconds, lead, follow);
}

void measure_one(const BenchClient& client, double seconds) {
  std::vector<double> samples;
  const auto run = [&](double wanted) {
    samples.clear();
    const auto until = Clock::now() + std::chrono::duration<double>(wanted);
    for (std::uint64_t at = 0;; ++at) {
      const auto start = Clock::now();
      const rpc::Result<Reading> result = client.adjust(reading(at)).get();
      const auto now = Clock::now();
      check(result);
      samples.push_back(std::chrono::duration<double, std::micro>(now - start).count());
      if (now >= until) return;
    }
  };
  run(bench::kWarmSeconds);
  run(seconds);
  std::sort(samples.begin(), samples.end());
  const auto at = [&](double share) {
    return samples[static_cast<std::size_t>(static_cast<double>(samples.size() - 1) * share)];
  };
  std::printf("{\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"count\":%zu}\n", at(0.5), at(0.99),
              at(0.999), samples.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const double seconds = std::atof(argv[2]) / 1000;
  const std::string bus = "bench.cpp." + std::to_string(getpid());
  // Before there are threads.
  const pid_t server = fork();
  if (server == 0) serve(bus);
  {
    rpc::Session session = join(bus);
    const BenchClient client(session);
    if (!client.used().get()) fail("nobody serves");
    if (std::strcmp(argv[3], "many") == 0) {
      measure_many(client, seconds);
    } else {
      measure_one(client, seconds);
    }
  }
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  return 0;
}
