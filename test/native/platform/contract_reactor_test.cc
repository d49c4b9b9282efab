// Contract: readiness is reported until it is taken; a forgotten object is never reported.
#include <array>
#include <map>

#include "platform/platform_contract.h"

namespace {

using namespace busbar;
using namespace contract;

std::unique_ptr<Reactor> make_reactor(Platform& platform) {
  auto reactor = platform.create_reactor();
  return CHECK(reactor.ok()) ? reactor.take() : nullptr;
}

// The readiness that the reactor reports now.
std::map<std::uint64_t, Readiness> poll(Platform& platform, Reactor& reactor) {
  std::array<Readiness, 32> ready;
  const std::size_t count = reactor.wait(platform.now(), ready);
  std::map<std::uint64_t, Readiness> found;
  for (std::size_t i = 0; i < count; ++i) found[ready[i].token] = ready[i];
  return found;
}

}  // namespace

CONTRACT(reactor_tells_of_a_channel_until_it_is_read) {
  Platform& here = subject.here();
  auto reactor = make_reactor(here);
  Ends ends = make_ends(here);
  REQUIRE(reactor->watch(*ends.near, 1).ok());
  CHECK(poll(here, *reactor).empty());
  CHECK(send_text(*ends.far, "x").ok());
  for (int i = 0; i < 2; ++i) {
    auto ready = poll(here, *reactor);
    CHECK_EQ(ready.size(), 1);
    CHECK(ready[1].readable && !ready[1].writable);
  }
  CHECK(ends.near->receive().ok());
  CHECK(poll(here, *reactor).empty());
  ends.far.reset();
  CHECK(poll(here, *reactor)[1].readable);
}

CONTRACT(reactor_tells_of_what_came_in_a_pause_when_it_is_over) {
  Platform& here = subject.here();
  auto reactor = make_reactor(here);
  Ends ends = make_ends(here);
  REQUIRE(reactor->watch(*ends.near, 1).ok());
  reactor->pause(1);
  reactor->pause(77);
  CHECK(send_text(*ends.far, "x").ok());
  // Reported or not; a request of its own is.
  (void)poll(here, *reactor);
  reactor->want_writable(1);
  CHECK(poll(here, *reactor)[1].writable);
  reactor->resume(1);
  reactor->resume(77);
  for (int i = 0; i < 2; ++i) CHECK(poll(here, *reactor)[1].readable);
  CHECK_EQ(receive_text(here, *ends.near), "x");
  CHECK(poll(here, *reactor).empty());
}

CONTRACT(reactor_tells_of_an_end_in_a_pause) {
  Platform& here = subject.here();
  auto reactor = make_reactor(here);
  Ends ends = make_ends(here);
  REQUIRE(reactor->watch(*ends.near, 1).ok());
  reactor->pause(1);
  CHECK(send_text(*ends.far, "last words").ok());
  ends.far.reset();
  for (int i = 0; i < 2; ++i) CHECK(poll(here, *reactor)[1].readable);
  CHECK_EQ(receive_text(here, *ends.near), "last words");
  CHECK(poll(here, *reactor)[1].readable);
}

CONTRACT(reactor_tells_writable_once_per_request) {
  Platform& here = subject.here();
  auto reactor = make_reactor(here);
  Ends ends = make_ends(here);
  REQUIRE(reactor->watch(*ends.near, 1).ok());
  reactor->want_writable(1);
  reactor->want_writable(77);
  auto ready = poll(here, *reactor);
  CHECK(ready[1].writable && !ready[1].readable);
  CHECK(poll(here, *reactor).empty());
  // A peer that is gone also wakes the waiting sender, whose send then reports the end.
  reactor->want_writable(1);
  ends.far.reset();
  ready = poll(here, *reactor);
  CHECK(ready[1].writable && ready[1].readable);
}

CONTRACT(reactor_tells_of_a_waiting_visitor) {
  Platform& here = subject.here();
  auto reactor = make_reactor(here);
  auto rendezvous = open(here, unique_identifier(here));
  auto listener = rendezvous->claim();
  REQUIRE(listener.ok());
  REQUIRE(reactor->watch(*listener.value(), 3).ok());
  CHECK(poll(here, *reactor).empty());
  auto visitor = rendezvous->connect();
  CHECK(poll(here, *reactor)[3].readable);
  CHECK(listener.value()->accept().ok());
  CHECK(poll(here, *reactor).empty());
}

CONTRACT(reactor_is_silent_about_what_was_forgotten) {
  Platform& here = subject.here();
  auto reactor = make_reactor(here);
  Ends first = make_ends(here);
  Ends second = make_ends(here);
  REQUIRE(reactor->watch(*first.near, 1).ok());
  REQUIRE(reactor->watch(*second.near, 2).ok());
  CHECK(send_text(*first.far, "x").ok());
  CHECK(send_text(*second.far, "x").ok());
  CHECK_EQ(poll(here, *reactor).size(), 2);
  reactor->forget(1);
  reactor->forget(1);
  first.near.reset();
  auto ready = poll(here, *reactor);
  CHECK_EQ(ready.size(), 1);
  CHECK(ready[2].readable);
  // Token and channel can be watched again.
  reactor->forget(2);
  CHECK(poll(here, *reactor).empty());
  REQUIRE(reactor->watch(*second.near, 1).ok());
  CHECK(poll(here, *reactor)[1].readable);
}

CONTRACT(reactor_refuses_tokens_in_use) {
  Platform& here = subject.here();
  auto reactor = make_reactor(here);
  Ends ends = make_ends(here);
  CHECK_EQ(reactor->watch(*ends.near, 0).status, Status::InvalidArgument);
  REQUIRE(reactor->watch(*ends.near, 1).ok());
  CHECK_EQ(reactor->watch(*ends.far, 1).status, Status::InvalidArgument);
  CHECK_EQ(reactor->watch_process(here.self().pid, 1).status, Status::InvalidArgument);
  CHECK_EQ(reactor->watch_process(0, 2).status, Status::InvalidArgument);
}

CONTRACT(reactor_tells_everything_through_a_narrow_opening) {
  Platform& here = subject.here();
  auto reactor = make_reactor(here);
  std::vector<Ends> all;
  for (std::uint64_t token = 1; token <= 10; ++token) {
    all.push_back(make_ends(here));
    REQUIRE(reactor->watch(*all.back().near, token).ok());
    CHECK(send_text(*all.back().far, "x").ok());
  }
  std::map<std::uint64_t, int> seen;
  std::array<Readiness, 3> few;
  for (int round = 0; round < 10; ++round) {
    const std::size_t count = reactor->wait(here.now(), few);
    for (std::size_t i = 0; i < count; ++i) ++seen[few[i].token];
  }
  CHECK_EQ(seen.size(), 10);
}

CONTRACT(reactor_ends_its_wait_when_woken_or_late) {
  Platform& here = subject.here();
  auto reactor = make_reactor(here);
  std::array<Readiness, 4> ready;
  reactor->wake();
  reactor->wake();
  CHECK_EQ(reactor->wait(std::nullopt, ready), 0);
  CHECK_EQ(reactor->wait(here.now() + std::chrono::milliseconds(1), ready), 0);
  CHECK_EQ(reactor->wait(here.now() - std::chrono::hours(1), ready), 0);
}

CONTRACT(reactor_takes_deadlines_at_both_ends_of_time) {
  Platform& here = subject.here();
  auto reactor = make_reactor(here);
  Ends ends = make_ends(here);
  REQUIRE(reactor->watch(*ends.near, 1).ok());
  std::array<Readiness, 4> ready;
  CHECK_EQ(reactor->wait(TimePoint::min(), ready), 0);
  reactor->wake();
  CHECK_EQ(reactor->wait(TimePoint::max(), ready), 0);
  // A wait that the system refuses would return without the message.
  CHECK(send_text(*ends.far, "x").ok());
  CHECK_EQ(reactor->wait(TimePoint::max(), ready), 1);
}

ROLE(only_lives) { return {}; }

CONTRACT(reactor_tells_of_a_process_that_ended) {
  Platform& here = subject.here();
  auto reactor = make_reactor(here);
  Child child = subject.spawn("only_lives", {});
  REQUIRE(reactor->watch_process(child.pid, 4).ok());
  CHECK(poll(here, *reactor).empty());
  subject.kill(child);
  std::array<Readiness, 4> ready;
  REQUIRE_EQ(reactor->wait(std::nullopt, ready), 1);
  CHECK_EQ(ready[0].token, 4);
  CHECK(ready[0].readable);
  // Dead but not reaped counts as ended.
  REQUIRE(reactor->watch_process(child.pid, 5).ok());
  CHECK_EQ(poll(here, *reactor).size(), 2);
  subject.reap(child);
  // No such process any more.
  REQUIRE(reactor->watch_process(child.pid, 6).ok());
  CHECK_EQ(poll(here, *reactor).size(), 3);
  for (const std::uint64_t token : {4, 5, 6}) reactor->forget(token);
  CHECK(poll(here, *reactor).empty());
}
