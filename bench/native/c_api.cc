// The C interface (busbar.h) between two processes, compared with a SEQPACKET socket and a bare
// pair of eventfds. Usage: c_api <bytes> <milliseconds> <mode>
//
//   send, corked, reserve   one way, messages a second; received as messages of their own
//   borrow                  corked, received in place
//   seqpacket               one way through a socket, one system call per message
//   regions                 memory regions of <bytes> handed over unread, regions a second
//   trip-spin, trip-sleep   there and back, microseconds
//   trip-eventfd            the same with two eventfds and nothing else

#include <busbar.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "ramp.h"

namespace {

using Clock = std::chrono::steady_clock;

// Outside the bus, so that counting adds no traffic.
struct Shared {
  std::atomic<std::uint64_t> taken{0};
};

void check(busbar_status status) {
  if (status == BUSBAR_OK) return;
  std::fprintf(stderr, "%s\n", busbar_status_string(status));
  std::exit(1);
}

busbar_endpoint* join(const std::string& bus, const char* label, std::uint32_t spin_us) {
  busbar_join_options options{};
  options.size = sizeof options;
  options.label = &label;
  options.label_count = 1;
  options.spin_us = spin_us;
  busbar_endpoint* endpoint = nullptr;
  check(busbar_endpoint_join(bus.c_str(), &options, &endpoint));
  return endpoint;
}

busbar_selector* selector(busbar_endpoint* endpoint, const char* label) {
  busbar_selector* made = nullptr;
  check(busbar_selector_parse(endpoint, label, BUSBAR_UNICAST, &made));
  check(busbar_endpoint_wait_for(endpoint, made, 1, 10000));
  return made;
}

busbar_outgoing outgoing(const std::vector<char>& payload) {
  busbar_outgoing message{};
  message.size = sizeof message;
  message.when_full = -1;
  check(busbar_uuid_parse(BUSBAR_TYPE_BYTES, &message.type));
  message.payload = payload.data();
  message.payload_bytes = payload.size();
  return message;
}

[[noreturn]] void receive(const std::string& bus, Shared& shared, bool borrows) {
  busbar_endpoint* endpoint = join(bus, "receiver", 50);
  for (std::uint64_t taken = 1;; ++taken) {
    busbar_message* message = nullptr;
    if (borrows) {
      busbar_span payload;
      check(busbar_endpoint_borrow_next(endpoint, BUSBAR_FOREVER, &message, &payload));
      busbar_endpoint_release_borrowed(endpoint);
    } else {
      check(busbar_endpoint_receive(endpoint, BUSBAR_FOREVER, &message));
      busbar_message_free(message);
    }
    shared.taken.store(taken, std::memory_order_release);
  }
}

// `put(count)` sends that many messages; measures the time until all are received.
template <typename Put>
void measure_rate(Shared& shared, double seconds, Put put) {
  std::uint64_t sent = 0;
  bench::print(bench::ramp(seconds, [&](std::uint64_t count) {
    const auto start = Clock::now();
    put(count);
    sent += count;
    while (shared.taken.load(std::memory_order_acquire) < sent) usleep(20);
    return std::chrono::duration<double>(Clock::now() - start).count();
  }));
}

void send_all(const std::string& mode, busbar_endpoint* endpoint, busbar_selector* to,
              const std::vector<char>& payload, std::uint64_t count) {
  busbar_outgoing message = outgoing(payload);
  message.corked = mode != "send";
  if (mode != "reserve") {
    for (std::uint64_t i = 0; i < count; ++i) {
      while (busbar_endpoint_send(endpoint, to, &message, nullptr) != BUSBAR_OK)
        busbar_endpoint_flush(endpoint);
    }
    return busbar_endpoint_flush(endpoint);
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    void* place = nullptr;
    check(busbar_endpoint_reserve(endpoint, to, payload.size(), &place));
    std::memcpy(place, payload.data(), payload.size());
    while (busbar_endpoint_commit(endpoint, message.type, 0) == BUSBAR_QUEUE_FULL)
      check(busbar_endpoint_reserve(endpoint, to, payload.size(), &place));
  }
}

void send_regions(busbar_endpoint* endpoint, busbar_selector* to, std::uint64_t bytes,
                  std::uint64_t count) {
  static busbar_region* region = nullptr;
  if (region == nullptr) check(busbar_region_create(bytes, 0, &region));
  const std::vector<char> nothing;
  busbar_outgoing message = outgoing(nothing);
  const busbar_region_range range = {region, 0, bytes};
  message.regions = &range;
  message.region_count = 1;
  message.corked = 1;
  for (std::uint64_t i = 0; i < count; ++i) {
    while (busbar_endpoint_send(endpoint, to, &message, nullptr) != BUSBAR_OK)
      busbar_endpoint_flush(endpoint);
  }
  busbar_endpoint_flush(endpoint);
}

// Percentiles of the duration of `trip()`.
template <typename Trip>
void measure_trips(double seconds, Trip trip) {
  for (int i = 0; i < 2000; ++i) trip();
  std::vector<double> times;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (Clock::now() < end) {
    const auto start = Clock::now();
    trip();
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  const auto at = [&](double part) {
    const auto last = static_cast<double>(times.size() - 1);
    return times[static_cast<std::size_t>(part * last)];
  };
  std::printf("{\"p50\":%.3f,\"p99\":%.3f,\"p999\":%.3f}\n", at(0.5), at(0.99), at(0.999));
}

void bounce(busbar_endpoint* endpoint, busbar_selector* to, const busbar_outgoing& out) {
  busbar_message* message = nullptr;
  check(busbar_endpoint_send(endpoint, to, &out, nullptr));
  check(busbar_endpoint_receive(endpoint, BUSBAR_FOREVER, &message));
  busbar_message_free(message);
}

[[noreturn]] void echo(const std::string& bus, const std::vector<char>& payload,
                       std::uint32_t spin_us) {
  busbar_endpoint* endpoint = join(bus, "receiver", spin_us);
  busbar_selector* to = selector(endpoint, "sender");
  const busbar_outgoing out = outgoing(payload);
  for (;;) {
    busbar_message* message = nullptr;
    check(busbar_endpoint_receive(endpoint, BUSBAR_FOREVER, &message));
    busbar_message_free(message);
    check(busbar_endpoint_send(endpoint, to, &out, nullptr));
  }
}

void swap_bells(int ring, int wait) {
  std::uint64_t one = 1;
  if (write(ring, &one, sizeof one) != sizeof one || read(wait, &one, sizeof one) != sizeof one)
    std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::uint64_t bytes = std::strtoull(argv[1], nullptr, 10);
  const double seconds = std::strtod(argv[2], nullptr) / 1000;
  const std::string mode = argv[3];
  const std::string bus = "bench-c-api-" + std::to_string(getpid());
  const std::vector<char> payload(mode == "regions" ? 0 : bytes, 'x');
  const std::uint32_t spin = mode == "trip-sleep" ? 0 : 50;
  auto* shared =
      new (mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
          Shared;
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets) != 0) return 1;
  const int ping = eventfd(0, 0);
  const int pong = eventfd(0, 0);

  const pid_t other = fork();
  if (other == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (mode == "trip-eventfd") {
      std::uint64_t one = 0;
      if (read(ping, &one, sizeof one) != sizeof one) return 1;
      for (;;) swap_bells(pong, ping);
    }
    if (mode == "seqpacket") {
      std::vector<char> into(bytes + 1);
      for (std::uint64_t taken = 1; read(sockets[0], into.data(), into.size()) > 0; ++taken)
        shared->taken.store(taken, std::memory_order_release);
      return 0;
    }
    if (mode.rfind("trip", 0) == 0) echo(bus, payload, spin);
    receive(bus, *shared, mode == "borrow");
  }
  if (mode == "trip-eventfd") {
    measure_trips(seconds, [&] { swap_bells(ping, pong); });
  } else if (mode == "seqpacket") {
    measure_rate(*shared, seconds, [&](std::uint64_t count) {
      for (std::uint64_t i = 0; i < count; ++i) {
        if (write(sockets[1], payload.data(), payload.size()) < 0) std::exit(1);
      }
    });
  } else {
    busbar_endpoint* endpoint = join(bus, "sender", spin);
    busbar_selector* to = selector(endpoint, "receiver");
    if (mode.rfind("trip", 0) == 0) {
      const busbar_outgoing out = outgoing(payload);
      measure_trips(seconds, [&] { bounce(endpoint, to, out); });
    } else if (mode == "regions") {
      measure_rate(*shared, seconds,
                   [&](std::uint64_t count) { send_regions(endpoint, to, bytes, count); });
    } else {
      measure_rate(*shared, seconds,
                   [&](std::uint64_t count) { send_all(mode, endpoint, to, payload, count); });
    }
  }
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
  _exit(fflush(stdout) == 0 ? 0 : 1);
}
