// Contract: memory has one size for ever, is shared by all who map it, and is writable only if its
// creator allowed it.
#include <algorithm>
#include <cstdint>

#include "platform/platform_contract.h"

namespace {

using namespace busbar;
using namespace contract;

}  // namespace

CONTRACT(memory_begins_as_zeros_on_a_page) {
  auto memory = subject.here().create_memory(10'000, Access::ReadWrite);
  REQUIRE(memory.ok());
  const std::byte* data = memory.value()->data();
  CHECK_EQ(memory.value()->size(), 10'000);
  CHECK_EQ(reinterpret_cast<std::uintptr_t>(data) % 4096, 0);
  CHECK(std::all_of(data, data + 10'000, [](std::byte byte) { return byte == std::byte{0}; }));
}

CONTRACT(memory_refuses_nonsense) {
  Platform& here = subject.here();
  CHECK_EQ(here.create_memory(0, Access::ReadWrite).status(), Status::InvalidArgument);
  CHECK_EQ(here.adopt_memory(Handle(), 4096, Access::ReadWrite).status(), Status::InvalidArgument);
  auto bell = here.create_doorbell();
  REQUIRE(bell.ok());
  CHECK_EQ(here.adopt_memory(bell.value()->share().take(), 4096, Access::ReadWrite).status(),
           Status::ProtocolViolation);
  auto memory = here.create_memory(4096, Access::ReadWrite);
  REQUIRE(memory.ok());
  for (const std::size_t wrong : {std::size_t{4097}, std::size_t{8192}}) {
    CHECK_EQ(here.adopt_memory(memory.value()->share().take(), wrong, Access::ReadOnly).status(),
             Status::ProtocolViolation);
  }
}

CONTRACT(memory_is_the_same_for_both) {
  Platform& here = subject.here();
  auto mine = here.create_memory(5000, Access::ReadWrite);
  REQUIRE(mine.ok());
  auto theirs = here.adopt_memory(mine.value()->share().take(), 5000, Access::ReadWrite);
  REQUIRE(theirs.ok());
  mine.value()->data()[0] = std::byte{1};
  theirs.value()->data()[4999] = std::byte{2};
  CHECK(theirs.value()->data()[0] == std::byte{1});
  CHECK(mine.value()->data()[4999] == std::byte{2});
}

CONTRACT(memory_for_readers_stays_writable_to_its_creator_alone) {
  Platform& here = subject.here();
  auto mine = here.create_memory(4096, Access::ReadOnly);
  REQUIRE(mine.ok());
  CHECK_EQ(here.adopt_memory(mine.value()->share().take(), 4096, Access::ReadWrite).status(),
           Status::Permission);
  auto theirs = here.adopt_memory(mine.value()->share().take(), 4096, Access::ReadOnly);
  REQUIRE(theirs.ok());
  mine.value()->data()[17] = std::byte{3};
  CHECK(theirs.value()->data()[17] == std::byte{3});
}

CONTRACT(memory_can_be_shared_on_by_a_peer) {
  Platform& here = subject.here();
  auto first = here.create_memory(4096, Access::ReadWrite);
  REQUIRE(first.ok());
  auto second = here.adopt_memory(first.value()->share().take(), 4096, Access::ReadWrite);
  REQUIRE(second.ok());
  auto third = here.adopt_memory(second.value()->share().take(), 4096, Access::ReadOnly);
  REQUIRE(third.ok());
  first.value()->data()[1] = std::byte{4};
  CHECK(third.value()->data()[1] == std::byte{4});
}

CONTRACT(memory_stays_mapped_when_no_longer_shared) {
  Platform& here = subject.here();
  auto memory = here.create_memory(4096, Access::ReadWrite);
  REQUIRE(memory.ok());
  memory.value()->stop_sharing();
  memory.value()->stop_sharing();
  CHECK_EQ(memory.value()->share().status(), Status::Closed);
  memory.value()->data()[4095] = std::byte{5};
  CHECK(memory.value()->data()[4095] == std::byte{5});
}

ROLE(makes_memory) {
  auto memory = there.create_memory(4096, Access::ReadWrite);
  if (!CHECK(memory.ok())) return {};
  memory.value()->data()[8] = std::byte{6};
  auto handle = memory.value()->share();
  CHECK(handle.ok() && send_text(parent, "memory", {&handle.value()}).ok());
  return {std::shared_ptr<void>(memory.take())};
}

CONTRACT(memory_outlives_its_creator) {
  Platform& here = subject.here();
  Child child = subject.spawn("makes_memory", {});
  auto datagram = receive_next(here, *child.channel);
  REQUIRE(datagram.ok());
  REQUIRE_EQ(datagram.value().handles.size(), 1);
  subject.kill(child);
  subject.reap(child);
  auto memory = here.adopt_memory(std::move(datagram.value().handles[0]), 4096, Access::ReadWrite);
  REQUIRE(memory.ok());
  CHECK(memory.value()->data()[8] == std::byte{6});
}
