// Which regions a registry reuses, how many it keeps, and how often it reports one as free.
#include <atomic>
#include <vector>

#include "core/region/region_registry.h"
#include "loopback/loopback_world.h"
#include "support/check.h"

namespace busbar::test {
namespace {

using std::chrono::milliseconds;

struct RegistryScene {
  LoopbackWorld world;
  Platform& platform = world.start_process(1);
  RegionTable regions{platform};
  RegionRegistry registry{platform, regions, {.max_bytes = 64U << 10U, .idle = milliseconds(100)}};

  RegionReference alloc(std::uint64_t bytes, std::string_view tag = "") {
    return registry.alloc(bytes, tag, nullptr).take();
  }
};

}  // namespace

TEST(registry_reuses_a_free_region_of_the_same_tag_and_a_fitting_size) {
  RegistryScene scene;
  RegionReference first = scene.alloc(10'000, "a");
  CHECK_EQ(first.bytes(), 3 * kRegionPageBytes);
  const std::uint64_t id = first.region()->id();
  CHECK(scene.alloc(10'000, "a").region()->id() != id);
  first.reset();
  CHECK(scene.alloc(10'000, "b").region()->id() != id);
  CHECK(scene.alloc(20'000, "a").region()->id() != id);
  // Of two free regions that fit, the smaller one; none of more than four times the size.
  CHECK(scene.alloc(5000, "a").region()->size() == 3 * kRegionPageBytes);
  RegionReference small = scene.alloc(1, "c");
  CHECK_EQ(small.region()->size(), kRegionPageBytes);
  const RegistryStats stats = scene.registry.stats();
  CHECK_EQ(stats.in_use, 1);
  CHECK_EQ(stats.created, stats.regions);
  CHECK_EQ(stats.reused, 1);
}

TEST(registry_gives_up_free_regions_for_a_new_one_and_keeps_its_limit) {
  RegistryScene scene;
  RegionReference held = scene.alloc(32U << 10U);
  scene.alloc(32U << 10U, "other").reset();
  CHECK_EQ(scene.registry.alloc(64U << 10U, "", nullptr).status(), Status::LimitExceeded);
  RegionReference second = scene.alloc(16U << 10U);
  CHECK_EQ(scene.registry.stats().bytes, 48U << 10U);
  CHECK_EQ(scene.registry.alloc(32U << 10U, "", nullptr).status(), Status::LimitExceeded);
}

TEST(registry_keeps_an_unused_region_for_the_idle_time) {
  RegistryScene scene;
  RegionReference held = scene.alloc(4096);
  scene.alloc(4096).reset();
  scene.world.advance(milliseconds(99));
  CHECK_EQ(scene.registry.maintain(), 0);
  scene.world.advance(milliseconds(1));
  CHECK_EQ(scene.registry.maintain(milliseconds(101)), 0);
  CHECK_EQ(scene.registry.maintain(), 1);
  scene.world.advance(milliseconds(1000));
  CHECK_EQ(scene.registry.maintain(), 0);
  CHECK_EQ(scene.registry.stats().in_use, 1);
}

TEST(registry_reports_each_free_region_once) {
  RegionTable regions(native_platform());
  std::atomic<int> calls = 0;
  {
    RegionRegistry registry(native_platform(), regions, {});
    for (int round = 1; round <= 20; ++round) {
      registry.alloc(4096, "", [&calls] { ++calls; }).take().reset();
      // Found out by the keeper, or by this call.
      CHECK_EQ(registry.stats().in_use, 0);
      CHECK_EQ(calls.load(), round);
    }
    CHECK_EQ(registry.stats().created, 1);
    RegionReference held = registry.alloc(4096, "", [&calls] { ++calls; }).take();
    registry.clear();
    CHECK_EQ(registry.stats().regions, 0);
    held.reset();
  }
  CHECK_EQ(calls.load(), 20);
}

}  // namespace busbar::test
