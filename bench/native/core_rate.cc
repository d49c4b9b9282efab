// One-way rate of busbar's native core, C++ to C++: two processes join a bus, one sends messages of
// one size with one Endpoint::send each, the other receives them in batches. The costs of the
// binding and of JavaScript are not included. Usage: core_rate <bytes> <milliseconds>

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <variant>
#include <vector>

#include "core/endpoint/endpoint.h"
#include "ramp.h"

namespace {

using busbar::Endpoint;

// Outside the bus, so that counting adds no traffic.
struct Shared {
  std::atomic<std::uint64_t> taken{0};
};

std::unique_ptr<Endpoint> join(const std::string& bus, std::string_view label) {
  busbar::EndpointOptions options;
  options.regions = &busbar::process_regions();
  options.membership.identifier = bus;
  const std::string_view strings[] = {label};
  options.membership.label = busbar::Label::create(strings).take();
  auto created = Endpoint::create(busbar::native_platform(), std::move(options));
  if (!created || !created.value()->start().ok()) std::exit(1);
  std::unique_ptr<Endpoint> endpoint = created.take();
  while (endpoint->id() == 0) endpoint->bells().wait(1);
  return endpoint;
}

[[noreturn]] void receive(const std::string& bus, Shared& shared) {
  const std::unique_ptr<Endpoint> endpoint = join(bus, "receiver");
  std::vector<std::byte> slab(256U << 10U);
  std::vector<std::byte> large;
  std::vector<busbar::ReceivedMessage> messages(1024);
  busbar::ReceiveBatch batch{slab, messages};
  std::uint64_t taken = 0;
  for (;;) {
    endpoint->receive(batch);
    taken += batch.count;
    if (batch.large_bytes != 0) {
      large.resize(batch.large_bytes);
      taken += endpoint->receive_large(large, messages[0]) ? 1 : 0;
    } else if (batch.count == 0 && !endpoint->spin(std::chrono::microseconds(50)) &&
               endpoint->sleep()) {
      endpoint->bells().wait(-1);
      (void)endpoint->collect_bells();
      (void)endpoint->take_notices();
    }
    endpoint->taken();
    shared.taken.store(taken, std::memory_order_release);
  }
}

std::uint32_t route_to_receiver(Endpoint& endpoint) {
  // Leaf, length, string: see core/selector/selector_program.h.
  std::vector<std::byte> program{std::byte{2}, std::byte{8}};
  for (const char letter : std::string_view("receiver"))
    program.push_back(static_cast<std::byte>(letter));
  const std::uint32_t route =
      endpoint.add_route(busbar::SelectorProgram::create(program).take(), true, false);
  while (endpoint.matches(route).empty()) usleep(1000);
  return route;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: core_rate <bytes> <milliseconds>\n");
    return 2;
  }
  const std::vector<std::byte> payload(std::strtoull(argv[1], nullptr, 10), std::byte{0x5a});
  const double seconds = std::strtod(argv[2], nullptr) / 1000;
  const std::string bus = "bench-core-rate-" + std::to_string(getpid());
  auto* shared =
      new (mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
          Shared;

  const pid_t receiver = fork();
  if (receiver == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    receive(bus, *shared);
  }
  const std::unique_ptr<Endpoint> endpoint = join(bus, "sender");
  busbar::SendRequest request;
  request.route = route_to_receiver(*endpoint);
  request.type.bytes[0] = 1;
  request.payload = payload;
  std::uint64_t sent = 0;
  const bench::Measured measured = bench::ramp(seconds, [&](std::uint64_t count) {
    const auto start = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < count; ++i) {
      while (!endpoint->send(request).error.ok()) endpoint->flush_bells();
    }
    endpoint->flush_bells();
    sent += count;
    while (shared->taken.load(std::memory_order_acquire) < sent) usleep(20);
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  });
  endpoint->close(std::chrono::milliseconds(0));
  kill(receiver, SIGKILL);
  waitpid(receiver, nullptr, 0);
  bench::print(measured);
  return 0;
}
