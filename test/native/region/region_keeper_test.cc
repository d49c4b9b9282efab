// A watch of a region reports that it is free: when holders in this process release it, and when
// holders elsewhere end.
#include <condition_variable>
#include <mutex>

#include "core/region/region_table.h"
#include "support/check.h"

namespace busbar::test {
namespace {

// Waits for a report from another thread.
class Told {
 public:
  void tell(std::uint64_t number) {
    const std::lock_guard guard(mutex_);
    number_ = number;
    told_.notify_all();
  }
  std::uint64_t wait() {
    std::unique_lock guard(mutex_);
    told_.wait(guard, [this] { return number_ != 0; });
    return number_;
  }
  bool yet() {
    const std::lock_guard guard(mutex_);
    return number_ != 0;
  }

 private:
  std::mutex mutex_;
  std::condition_variable told_;
  std::uint64_t number_ = 0;
};

}  // namespace

TEST(keeper_tells_when_the_last_reference_goes) {
  RegionTable table(native_platform());
  auto region = table.create(4096, Access::ReadWrite).take();
  region->hold();
  region->hold();
  Told told;
  const auto watch = table.keeper().watch(region, [&](std::uint64_t number) { told.tell(number); });
  REQUIRE(watch.ok());
  region->release();
  CHECK(!told.yet());
  region->release();
  CHECK_EQ(told.wait(), watch.value());
  CHECK(!region->ledger().watched());
}

TEST(keeper_tells_at_once_of_what_is_free_already) {
  RegionTable table(native_platform());
  Told told;
  auto watch = table.keeper().watch(table.create(4096, Access::ReadWrite).take(),
                                    [&](std::uint64_t number) { told.tell(number); });
  REQUIRE(watch.ok());
  CHECK_EQ(told.wait(), watch.value());
}

TEST(keeper_tells_nobody_who_waits_no_more) {
  RegionTable table(native_platform());
  auto region = table.create(4096, Access::ReadWrite).take();
  region->hold();
  Told first;
  Told second;
  const auto one = table.keeper().watch(region, [&](std::uint64_t number) { first.tell(number); });
  const auto two = table.keeper().watch(region, [&](std::uint64_t number) { second.tell(number); });
  REQUIRE(one.ok() && two.ok());
  table.keeper().unwatch(one.value());
  region->release();
  CHECK_EQ(second.wait(), two.value());
  CHECK(!first.yet());
}

// A second table acts as another process: it has mappings, slots and a bell of its own.
TEST(keeper_is_rung_by_a_holder_elsewhere) {
  RegionTable owners(native_platform());
  RegionTable others(native_platform());
  auto region = owners.create(4096, Access::ReadWrite).take();
  auto shared = region->share();
  REQUIRE(shared.ok());
  std::vector<Handle> handles;
  for (Handle& handle : shared.value()) handles.push_back(std::move(handle));
  auto theirs = others.adopt(region->id(), 4096, std::move(handles));
  REQUIRE(theirs.ok());
  theirs.value()->hold();
  Told told;
  auto watch = owners.keeper().watch(region, [&](std::uint64_t number) { told.tell(number); });
  REQUIRE(watch.ok());
  theirs.value()->release();
  CHECK_EQ(told.wait(), watch.value());
}

}  // namespace busbar::test
