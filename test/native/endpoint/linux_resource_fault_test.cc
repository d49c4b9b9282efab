// Each call of the platform fails, one after another, alone or together with the calls after it,
// while two endpoints join, exchange every kind of message and leave. For every call: a status
// reports the failure, a retry succeeds, every message arrives, and in the end nothing is open or
// mapped that was not before.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "endpoint/endpoint_program.h"
#include "support/check.h"
#include "support/faulty_platform.h"
#include "support/linux_descriptors.h"

namespace busbar::test {
namespace {

std::size_t open_descriptors() {
  await_closers();
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++count;
  return count;
}

std::size_t shared_mappings() {
  std::size_t count = 0;
  FILE* maps = std::fopen("/proc/self/maps", "re");
  char line[512];
  while (maps != nullptr && std::fgets(line, sizeof line, maps) != nullptr)
    count += std::strstr(line, "memfd:busbar") != nullptr ? 1 : 0;
  if (maps != nullptr) std::fclose(maps);
  return count;
}

// How many calls in a row fail in a lasting fault, which ends only because somebody retries.
constexpr std::uint64_t kLasting = 40;

// Joins, with a retry if the first attempt fails; that failure must be reported.
std::unique_ptr<EndpointProgram> join(Platform& platform, const std::string& identifier,
                                      const char* label) {
  for (std::uint64_t attempt = 0; attempt < kLasting + 2; ++attempt) {
    auto program = std::make_unique<EndpointProgram>(platform, identifier, label);
    if (program->join()) return program;
    if (!CHECK(!program->error.ok())) return nullptr;
    if (program->endpoint != nullptr) program->close();
  }
  return nullptr;
}

struct Kinds {
  bool object = false;
  bool region = false;
  std::size_t payload = 0;
};
constexpr Kinds kKinds[] = {{},
                            {.payload = 100},
                            {.payload = 200000},
                            {.object = true},
                            {.region = true, .payload = 5},
                            {.payload = 9}};

bool send(EndpointProgram& from, EndpointProgram& to, std::uint32_t route, const Kinds& kind,
          const std::shared_ptr<MemoryRegion>& region) {
  const std::vector<std::byte> payload(kind.payload);
  auto object = native_platform().adopt(open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!object) return false;
  const Handle* objects[] = {&object.value()};
  const RegionRange regions[] = {{region, 0, 4096}};
  SendRequest request;
  request.route = route;
  request.payload = payload;
  request.acknowledge = Acknowledge::Taken;
  if (kind.object) request.objects = objects;
  if (kind.region) request.regions = regions;
  for (int attempt = 0; attempt < 500; ++attempt) {
    const SendOutcome outcome = from.endpoint->send(request);
    from.endpoint->flush_bells();
    if (outcome.error.ok()) return outcome.receivers == 1;
    (void)from.turn(1);
    (void)to.turn(1);
  }
  return false;
}

bool exchange(EndpointProgram& a, EndpointProgram& b) {
  const std::uint32_t route = a.route("b", true);
  std::shared_ptr<MemoryRegion> region;
  for (std::uint64_t attempt = 0; attempt < kLasting + 2 && region == nullptr; ++attempt) {
    if (auto made = a.regions.create(1U << 16U, Access::ReadWrite)) region = made.take();
  }
  if (!CHECK(region != nullptr)) return false;
  std::vector<std::size_t> sizes;
  b.on_message = [&](const ReceivedMessage& message, std::span<const std::byte>) {
    sizes.push_back(message.payload_bytes);
    CHECK(message.objects.size() == message.header.object_count || message.objects_lost);
    CHECK(message.regions.size() == message.header.region_count || message.regions_lost);
  };
  for (const Kinds& kind : kKinds) {
    if (!CHECK(send(a, b, route, kind, region))) return false;
  }
  const auto all = [&] {
    (void)a.turn(0);
    return sizes.size() == std::size(kKinds);
  };
  if (!CHECK(b.turn_until(all, std::chrono::seconds(10)))) return false;
  for (std::size_t i = 0; i < std::size(kKinds); ++i) {
    if (!CHECK_EQ(sizes[i], kKinds[i].payload)) return false;
  }
  return true;
}

bool run(Platform& platform, const std::string& identifier) {
  auto a = join(platform, identifier, "a");
  auto b = join(platform, identifier, "b");
  if (!CHECK(a != nullptr && b != nullptr)) return false;
  const bool fine = exchange(*a, *b);
  b->close();
  a->close();
  return fine;
}

void fail_each_call(Status status, std::uint64_t count, std::uint64_t step) {
  FaultyPlatform platform(native_platform());
  const std::string identifier = "test.faults." + std::to_string(getpid());
  REQUIRE(run(platform, identifier));
  const std::size_t descriptors = open_descriptors();
  const std::size_t mappings = shared_mappings();
  const std::uint64_t calls = platform.calls();
  CHECK(calls > 50);
  for (std::uint64_t call = 0; call < calls; call += step) {
    platform.fail(call, status, count);
    const bool fine = run(platform, identifier);
    const bool clean =
        CHECK_EQ(open_descriptors(), descriptors) && CHECK_EQ(shared_mappings(), mappings);
    if (fine && clean) continue;
    const char* name = platform.failed();
    CHECK_EQ("failing call", std::to_string(call) + ": " + (name == nullptr ? "none" : name));
    return;
  }
}

}  // namespace

TEST(resource_fault_of_each_call_without_descriptors) {
  fail_each_call(Status::OutOfDescriptors, 1, 1);
}
TEST(resource_fault_of_each_call_without_memory) { fail_each_call(Status::OutOfMemory, 1, 1); }
TEST(resource_fault_that_lasts_without_descriptors) {
  fail_each_call(Status::OutOfDescriptors, kLasting, 5);
}
TEST(resource_fault_that_lasts_without_memory) { fail_each_call(Status::OutOfMemory, kLasting, 5); }

}  // namespace busbar::test
