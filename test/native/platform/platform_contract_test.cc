// Contract: the platform as a whole: identity, clock, random numbers, and that a thousand rounds of
// everything leave nothing open. The interfaces have files of their own (contract_*_test.cc).
#include <array>

#include "platform/platform_contract.h"

namespace {

using namespace busbar;
using namespace contract;

void use_channels(Platform& here) {
  Ends ends = make_ends(here);
  auto bell = here.create_doorbell();
  REQUIRE(bell.ok());
  const Handle handle = bell.value()->share().take();
  CHECK(send_text(*ends.near, "read", {&handle, &handle}).ok());
  CHECK(ends.far->receive().ok());
  CHECK(send_text(*ends.near, "left unread", {&handle}).ok());
  CHECK_EQ(here.adopt_channel(bell.value()->share().take()).status(), Status::ProtocolViolation);
}

void use_memory(Platform& here) {
  auto mine = here.create_memory(8192, Access::ReadOnly);
  REQUIRE(mine.ok());
  CHECK(here.adopt_memory(mine.value()->share().take(), 8192, Access::ReadOnly).ok());
  CHECK(!here.adopt_memory(mine.value()->share().take(), 8192, Access::ReadWrite).ok());
  CHECK(!here.adopt_memory(mine.value()->share().take(), 4096, Access::ReadOnly).ok());
}

void use_doorbells(Platform& here) {
  auto bell = here.create_doorbell();
  auto set = here.create_doorbell_set();
  REQUIRE(bell.ok() && set.ok());
  for (const std::uint64_t token : {0, 1, 1, 2}) {
    [[maybe_unused]] const Error error = set.value()->add(bell.value()->share().take(), token);
  }
  set.value()->remove(1);
}

void use_rendezvous(Platform& here, Reactor& reactor, const std::string& identifier) {
  auto rendezvous = open(here, identifier);
  auto listener = rendezvous->claim();
  REQUIRE(listener.ok());
  CHECK(!rendezvous->claim().ok());
  auto visitor = rendezvous->connect();
  auto unheard = rendezvous->connect();
  auto stray = listener.value()->accept();
  auto accepted = listener.value()->accept();
  const auto door = listener.value()->share();
  REQUIRE(visitor.ok() && unheard.ok() && door.ok());
  CHECK(reactor.watch(*visitor.value(), 1).ok());
  CHECK(reactor.watch(*listener.value(), 2).ok());
  CHECK(reactor.watch_process(here.self().pid, 3).ok());
  for (const std::uint64_t token : {1, 2, 3}) reactor.forget(token);
  listener.value()->release_name(true);
}

}  // namespace

ROLE(says_its_token) {
  CHECK(send_text(parent, std::to_string(there.process_token(there.self().pid))).ok());
  return {};
}

CONTRACT(platform_leaves_nothing_open) {
  Platform& here = subject.here();
  const std::string identifier = unique_identifier(here);
  std::size_t before = 0;
  for (int round = 0; round <= 1000; ++round) {
    if (round == 1) before = subject.count_open();  // the first round may fill caches
    use_channels(here);
    use_memory(here);
    use_doorbells(here);
    auto reactor = here.create_reactor();
    REQUIRE(reactor.ok());
    use_rendezvous(here, *reactor.value(), identifier);
  }
  CHECK_EQ(subject.count_open(), before);
}

ROLE(says_its_pid) {
  CHECK(send_text(parent, std::to_string(there.self().pid)).ok());
  return {};
}

CONTRACT(platform_knows_each_process_by_its_id) {
  Platform& here = subject.here();
  Child child = subject.spawn("says_its_pid", {});
  CHECK(child.pid != here.self().pid);
  CHECK_EQ(receive_text(here, *child.channel), std::to_string(child.pid));
}

CONTRACT(platform_has_a_token_for_each_process) {
  Platform& here = subject.here();
  const std::uint64_t own = here.process_token(here.self().pid);
  CHECK_EQ(own & 0xFFFFFFFFU, here.self().pid);
  CHECK_EQ(here.process_token(here.self().pid), own);
  Child child = subject.spawn("says_its_token", {});
  const std::uint64_t theirs = here.process_token(child.pid);
  CHECK_EQ(theirs & 0xFFFFFFFFU, child.pid);
  CHECK_EQ(receive_text(here, *child.channel), std::to_string(theirs));
  subject.kill(child);
  CHECK_EQ(receive_next(here, *child.channel).status(), Status::PeerGone);
  subject.reap(child);
  CHECK_EQ(here.process_token(child.pid), 0);
}

CONTRACT(platform_clock_never_goes_back) {
  const TimePoint before = subject.here().now();
  CHECK(before > TimePoint{});
  CHECK(subject.here().now() >= before);
}

CONTRACT(platform_random_bytes_differ) {
  std::array<std::byte, 1000> first{};
  std::array<std::byte, 1000> second{};
  CHECK(subject.here().random(first).ok());
  CHECK(subject.here().random(second).ok());
  CHECK(first != second);
  CHECK(subject.here().random({}).ok());
}
