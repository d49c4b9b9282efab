// Contract: no ring is lost, however many ringers there are.
#include <algorithm>
#include <array>

#include "platform/platform_contract.h"

namespace {

using namespace busbar;
using namespace contract;

// The tokens that the set returns now, in order.
std::vector<std::uint64_t> collect_all(DoorbellSet& set) {
  std::array<std::uint64_t, 300> tokens;
  const std::size_t count = set.collect(tokens);
  std::sort(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count));
  return {tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(count)};
}

using Tokens = std::vector<std::uint64_t>;

// Adds a bell; collects the ring that a set may report for every new bell.
bool listen(DoorbellSet& set, Doorbell& bell, std::uint64_t token) {
  auto handle = bell.share();
  if (!CHECK(handle.ok()) || !CHECK(set.add(handle.take(), token).ok())) return false;
  (void)collect_all(set);
  return true;
}

struct BellAndSet {
  std::unique_ptr<Doorbell> bell;
  std::unique_ptr<DoorbellSet> set;
};

BellAndSet make_bell_and_set(Platform& platform) {
  auto bell = platform.create_doorbell();
  auto set = platform.create_doorbell_set();
  if (!CHECK(bell.ok() && set.ok())) return {};
  return {bell.take(), set.take()};
}

}  // namespace

CONTRACT(doorbell_is_silent_until_rung) {
  auto [bell, set] = make_bell_and_set(subject.here());
  REQUIRE(listen(*set, *bell, 5));
  CHECK(collect_all(*set) == Tokens{});
  bell->ring();
  CHECK(collect_all(*set) == Tokens{5});
  CHECK(collect_all(*set) == Tokens{});
}

CONTRACT(doorbell_rung_before_it_is_added_is_heard) {
  auto [bell, set] = make_bell_and_set(subject.here());
  bell->ring();
  REQUIRE(set->add(bell->share().take(), 5).ok());
  CHECK(collect_all(*set) == Tokens{5});
}

CONTRACT(doorbell_is_heard_again_after_each_collect) {
  auto [bell, set] = make_bell_and_set(subject.here());
  REQUIRE(listen(*set, *bell, 5));
  for (int round = 0; round < 100; ++round) {
    for (int ring = 0; ring <= round % 5; ++ring) bell->ring();
    CHECK(collect_all(*set) == Tokens{5});
    CHECK(collect_all(*set) == Tokens{});
  }
}

CONTRACT(doorbell_set_tells_bells_apart_and_all_of_them) {
  Platform& here = subject.here();
  auto set = here.create_doorbell_set();
  REQUIRE(set.ok());
  std::vector<std::unique_ptr<Doorbell>> bells;
  for (std::uint64_t token = 1; token <= 200; ++token) {
    auto bell = here.create_doorbell();
    REQUIRE(bell.ok());
    REQUIRE(listen(*set.value(), *bell.value(), token));
    bells.push_back(bell.take());
  }
  bells[0]->ring();
  bells[199]->ring();
  CHECK(collect_all(*set.value()) == (Tokens{1, 200}));
  for (const auto& bell : bells) bell->ring();
  CHECK_EQ(collect_all(*set.value()).size(), 200);
  // With a span for a few tokens only.
  for (const auto& bell : bells) bell->ring();
  Tokens seen;
  std::array<std::uint64_t, 3> few;
  while (const std::size_t count = set.value()->collect(few)) {
    seen.insert(seen.end(), few.begin(), few.begin() + static_cast<std::ptrdiff_t>(count));
  }
  std::sort(seen.begin(), seen.end());
  CHECK_EQ(seen.size(), 200);
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
}

CONTRACT(doorbell_set_can_be_raised_from_within) {
  auto [bell, set] = make_bell_and_set(subject.here());
  REQUIRE(listen(*set, *bell, 5));
  set->raise();
  set->raise();
  CHECK(collect_all(*set) == Tokens{0});
  CHECK(collect_all(*set) == Tokens{});
  set->raise();
  bell->ring();
  set->wait(-1);
  CHECK(collect_all(*set) == (Tokens{0, 5}));
}

CONTRACT(doorbell_set_forgets_what_was_removed) {
  auto [bell, set] = make_bell_and_set(subject.here());
  REQUIRE(listen(*set, *bell, 5));
  bell->ring();
  set->remove(5);
  CHECK(collect_all(*set) == Tokens{});
  bell->ring();
  CHECK(collect_all(*set) == Tokens{});
  set->remove(5);
  // The token can be reused.
  REQUIRE(set->add(bell->share().take(), 5).ok());
  CHECK(collect_all(*set) == Tokens{5});
}

CONTRACT(doorbell_set_refuses_nonsense) {
  auto [bell, set] = make_bell_and_set(subject.here());
  CHECK_EQ(set->add(bell->share().take(), 0).status, Status::InvalidArgument);
  CHECK_EQ(set->add(Handle(), 5).status, Status::InvalidArgument);
  REQUIRE(set->add(bell->share().take(), 5).ok());
  CHECK_EQ(set->add(bell->share().take(), 5).status, Status::InvalidArgument);
  auto memory = subject.here().create_memory(4096, Access::ReadWrite);
  auto pair = subject.here().create_channel_pair(subject.here().self().pid);
  REQUIRE(memory.ok() && pair.ok());
  CHECK_EQ(set->add(memory.value()->share().take(), 6).status, Status::ProtocolViolation);
  CHECK_EQ(set->add(std::move(pair.value().theirs), 6).status, Status::ProtocolViolation);
}

CONTRACT(doorbell_wait_ends_at_its_timeout) {
  auto [bell, set] = make_bell_and_set(subject.here());
  REQUIRE(listen(*set, *bell, 5));
  set->wait(0);
  set->wait(1);
  CHECK(collect_all(*set) == Tokens{});
}

ROLE(rings_once) {
  auto bell = there.create_doorbell();
  if (!CHECK(bell.ok())) return {};
  auto handle = bell.value()->share();
  CHECK(handle.ok() && send_text(parent, "listen", {&handle.value()}).ok());
  bell.value()->ring();
  return {std::shared_ptr<void>(bell.take())};
}

CONTRACT(doorbell_rings_across_processes_and_outlives_its_ringer) {
  Platform& here = subject.here();
  Child child = subject.spawn("rings_once", {});
  auto datagram = receive_next(here, *child.channel);
  auto set = here.create_doorbell_set();
  REQUIRE(datagram.ok() && set.ok());
  REQUIRE_EQ(datagram.value().handles.size(), 1);
  REQUIRE(set.value()->add(std::move(datagram.value().handles[0]), 8).ok());
  set.value()->wait(-1);
  CHECK(collect_all(*set.value()) == Tokens{8});
  subject.kill(child);
  subject.reap(child);
  // The end of the ringer may appear as one more ring, but only once.
  (void)collect_all(*set.value());
  CHECK(collect_all(*set.value()) == Tokens{});
}
