// Linux only: regions that a hostile peer makes of memory that costs it nothing.
#include "core/region/region_table.h"
#include "support/check.h"

namespace busbar::test {
namespace {

// The handles of a region of `real` bytes, with a ledger that claims as many.
std::vector<Handle> made_by_hand(std::uint64_t id, std::uint64_t real) {
  Platform& platform = native_platform();
  auto data = platform.create_memory(real, Access::ReadWrite).take();
  auto ledger = platform.create_memory(kLedgerBytes, Access::ReadWrite).take();
  RegionLedger::initialize(ledger->data(), id, real, false, platform.pid_namespace());
  auto bell = platform.create_channel_pair(platform.self().pid).take();
  std::vector<Handle> handles;
  handles.push_back(data->share().take());
  handles.push_back(ledger->share().take());
  handles.push_back(std::move(bell.theirs));
  return handles;
}

}  // namespace

TEST(linux_region_larger_than_anybody_can_look_at_is_refused) {
  RegionTable table(native_platform());
  CHECK_EQ(table.adopt(5, kMaxRegionBytes + 4096, made_by_hand(5, kMaxRegionBytes + 4096)).status(),
           Status::ProtocolViolation);
  CHECK(table.adopt(6, kMaxRegionBytes, made_by_hand(6, kMaxRegionBytes)).ok());
  CHECK_EQ(table.create(kMaxRegionBytes + 1, Access::ReadWrite).status(), Status::InvalidArgument);
  CHECK_EQ(table.create(0, Access::ReadWrite).status(), Status::InvalidArgument);
}

TEST(linux_region_that_is_known_is_announced_with_its_size) {
  RegionTable table(native_platform());
  auto handles = made_by_hand(5, 8192);
  const auto duplicates = [&handles] {
    std::vector<Handle> made;
    made.reserve(handles.size());
    for (const Handle& handle : handles) made.push_back(native_platform().duplicate(handle).take());
    return made;
  };
  std::vector<Handle> again = duplicates();
  std::vector<Handle> wrong = duplicates();
  const auto region = table.adopt(5, 8192, std::move(handles)).take();
  CHECK_EQ(table.adopt(5, 1, std::move(wrong)).status(), Status::ProtocolViolation);
  CHECK(table.adopt(5, 8192, std::move(again)).take() == region);
}

}  // namespace busbar::test
