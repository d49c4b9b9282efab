// A peer that has joined properly, then writes into all memory that it shares while it carries on
// as before: rings, positions, consumer segments, regions and their ledgers. Half of the peers
// write at random; the others know the layouts and write plausible wrong values: positions inside
// records, counts, sizes, times, processes, flags of descriptors. Each ends in its own way: it
// leaves, is killed in the middle, or is stopped and killed later. The victim runs in this process,
// under the sanitizer of the build: it must not crash, hang or read out of bounds, and must keep
// serving all others.
//
//   BUSBAR_HOSTILE_ROUNDS=n   n hostile processes instead of those of a build's test
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "endpoint/endpoint_program.h"
#include "endpoint/linux_hostile_layouts.h"
#include "support/check.h"

namespace busbar::test {
namespace {

// All memory that this process can write and shares with others.
std::vector<Range> shared_ranges() {
  std::vector<Range> ranges;
  FILE* maps = std::fopen("/proc/self/maps", "re");
  if (maps == nullptr) return ranges;
  char line[512];
  while (std::fgets(line, sizeof line, maps) != nullptr) {
    unsigned long begin = 0;
    unsigned long end = 0;
    char access[8];
    if (std::sscanf(line, "%lx-%lx %7s", &begin, &end, access) != 3) continue;
    if (std::strcmp(access, "rw-s") == 0 && std::strstr(line, "memfd:") != nullptr)
      ranges.push_back({begin, end});
  }
  std::fclose(maps);
  return ranges;
}

// Not instrumented: its accesses are wrong on purpose.
__attribute__((no_sanitize("address", "thread", "undefined"))) void scribble(
    const std::vector<Range>& ranges, Random& random) {
  const Range& range = ranges[random.below(ranges.size())];
  const std::uint64_t words = (range.end - range.begin) / 8;
  // Positions and headers are at the front and matter most.
  const std::uint64_t span = random.below(2) == 0 ? std::min<std::uint64_t>(words, 64) : words;
  auto* word = reinterpret_cast<volatile std::uint64_t*>(range.begin) + random.below(span);
  switch (random.below(7)) {
    case 0:
      *word = random.next();
      break;
    case 1:
      *word = random.below(1U << 20U);
      break;
    case 2:
      *word = *word + 8;
      break;
    case 3:
      *word = *word - 8;
      break;
    case 4:
      *word = *word ^ (std::uint64_t{1} << random.below(64));
      break;
    case 5:
      *word = ~std::uint64_t{0} - random.below(64);
      break;
    default: {
      // The value of another place: plausible and wrong.
      *word = *(reinterpret_cast<volatile std::uint64_t*>(range.begin) + random.below(span));
      break;
    }
  }
}

void send_everything(EndpointProgram& program, std::uint32_t route, Random& random,
                     const std::shared_ptr<MemoryRegion>& region) {
  static const std::vector<std::byte> payload(40000);
  SendRequest request;
  request.route = route;
  request.payload = std::span(payload).first(random.below(random.below(8) == 0 ? 40000 : 600));
  const RegionRange ranges[] = {{region, 0, 4096}};
  if (random.below(3) == 0) request.regions = ranges;
  if (random.below(3) == 0) request.acknowledge = Acknowledge::Handled;
  if (random.below(4) == 0) request.ttl_ms = 1000;
  (void)program.endpoint->send(request);
  program.endpoint->flush_bells();
}

[[noreturn]] void be_hostile(const std::string& identifier, std::uint64_t seed) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Crashes of the hostile process and its sanitizer's reports do not count.
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  dup2(nowhere, 2);
  // It may drive itself into a loop.
  alarm(1);
  Random random(seed);
  EndpointProgram program(native_platform(), identifier, "hostile", false);
  if (!program.join()) _exit(1);
  auto region = program.regions.create(1U << 16U, Access::ReadWrite).take();
  const std::uint32_t victim = program.route("victim", true);
  for (int i = 0; i < 20; ++i) {
    send_everything(program, victim, random, region);
    (void)program.turn(1);
  }
  const bool knows = seed % 2 == 0;
  const std::uint64_t last = random.below(300);
  for (std::uint64_t round = 0; round < 300; ++round) {
    const std::vector<Range> ranges = shared_ranges();
    for (int i = 0; i < (knows ? 3 : 20) && !ranges.empty(); ++i) {
      if (knows) {
        write_legal_and_wrong(ranges, random);
      } else {
        scribble(ranges, random);
      }
    }
    if (knows && round % 50 == 10) spoil_descriptors(random);
    // After its end, others read the last values that it wrote.
    if (round == last && seed % 3 == 1) (void)raise(SIGKILL);
    if (round == last && seed % 3 == 2) (void)raise(SIGSTOP);
    send_everything(program, victim, random, region);
    if (random.below(4) == 0) (void)program.turn(0);
  }
  _exit(0);
}

// Waits for the end of `child`. A stopped child stays stopped for a while, then is killed.
void see_end(pid_t child) {
  int status = 0;
  (void)waitpid(child, &status, WUNTRACED);
  if (!WIFSTOPPED(status)) return;
  usleep(30'000);
  (void)kill(child, SIGKILL);
  (void)waitpid(child, nullptr, 0);
}

// Forked while this process has only one thread.
pid_t start_hostiles(const std::string& identifier, int rounds) {
  const pid_t starter = fork();
  if (starter != 0) return starter;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (int round = 1; round <= rounds; ++round) {
    const pid_t child = fork();
    if (child == 0) be_hostile(identifier, static_cast<std::uint64_t>(round));
    see_end(child);
  }
  _exit(0);
}

}  // namespace

TEST(endpoint_survives_peers_that_write_anything_anywhere) {
  const char* wanted = std::getenv("BUSBAR_HOSTILE_ROUNDS");
  const int rounds = wanted == nullptr ? 25 : std::atoi(wanted);
  const std::string identifier = "test.hostile." + std::to_string(getpid());
  const pid_t hostiles = start_hostiles(identifier, rounds);
  {
    EndpointProgram victim(native_platform(), identifier, "victim");
    REQUIRE(victim.join());
    EndpointProgram witness(native_platform(), identifier, "witness");
    REQUIRE(witness.join());
    // Every message is used to its last byte, as a program would.
    std::uint64_t sum = 0;
    std::size_t from_hostiles = 0;
    victim.on_message = [&](const ReceivedMessage& message, std::span<const std::byte> payload) {
      for (const std::byte byte : payload) sum += static_cast<std::uint64_t>(byte);
      for (const RegionReference& region : message.regions) {
        const std::byte* data = region.region()->data() + region.offset();
        for (std::uint64_t at = 0; at < region.bytes(); at += 512)
          sum += static_cast<std::uint64_t>(data[at]);
      }
      if (message.payload_bytes != 7) ++from_hostiles;
      victim.endpoint->settle(message.link_slot, message.position);
    };
    const std::uint32_t to_hostiles = victim.route("hostile", false);
    const std::uint32_t to_witness = victim.route("witness", true);
    auto region = victim.regions.create(1U << 16U, Access::ReadWrite).take();
    Random random(7);
    std::size_t told = 0;
    const std::vector<std::byte> word(7);
    while (waitpid(hostiles, nullptr, WNOHANG) == 0) {
      (void)victim.turn(1);
      send_everything(victim, to_hostiles, random, region);
      // The witness must not notice anything.
      SendRequest request;
      request.route = to_witness;
      request.payload = word;
      told += victim.endpoint->send(request).receivers;
      victim.endpoint->flush_bells();
      (void)witness.turn(0);
    }
    CHECK(witness.turn_until([&] { return witness.received == told; }));
    CHECK(told > 0);
    CHECK(from_hostiles > 0);
    // Some of the writes were noticed; the others made ordinary messages.
    CHECK(victim.violations > 0);
    CHECK_EQ(witness.violations, 0);
    region.reset();
    victim.close();
    witness.close();
    CHECK(sum != 1);
  }
}

}  // namespace busbar::test
