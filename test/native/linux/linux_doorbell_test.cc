// Linux only: edges under concurrency, and descriptors that are not bells.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <memory>
#include <thread>
#include <vector>

#include "platform/platform_contract.h"
#include "posix/file_descriptor.h"

namespace {

using namespace busbar;
using namespace contract;
using namespace posix;

bool is_pollable_ready(const DoorbellSet& set) {
  pollfd entry{static_cast<int>(set.pollable()), POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

}  // namespace

// Each side answers a ring before the next: one lost edge would leave both asleep for ever.
TEST(linux_doorbell_ping_pong_loses_no_edge) {
  struct Side {
    std::unique_ptr<Doorbell> bell = native_platform().create_doorbell().take();
    std::unique_ptr<DoorbellSet> set = native_platform().create_doorbell_set().take();
  };
  Side ping;
  Side pong;
  REQUIRE(pong.set->add(ping.bell->share().take(), 1).ok());
  REQUIRE(ping.set->add(pong.bell->share().take(), 1).ok());
  const auto play = [](Side& side, bool serves) {
    std::array<std::uint64_t, 2> tokens;
    for (int round = 0; round < 20'000; ++round) {
      if (serves) side.bell->ring();
      while (side.set->collect(tokens) == 0) side.set->wait(-1);
      if (!serves) side.bell->ring();
    }
  };
  std::thread other([&] { play(pong, false); });
  play(ping, true);
  other.join();
}

// Two ringers, no answers: the next collect returns every ring since the last one.
TEST(linux_doorbell_hears_the_last_ring_of_every_ringer) {
  constexpr int kRings = 50'000;
  std::array<std::atomic<int>, 2> rung{};
  auto set = native_platform().create_doorbell_set().take();
  std::vector<std::thread> ringers;
  for (std::uint64_t i = 0; i < 2; ++i) {
    std::shared_ptr<Doorbell> bell = native_platform().create_doorbell().take();
    REQUIRE(set->add(bell->share().take(), i + 1).ok());
    ringers.emplace_back([&rung, bell, i] {
      for (int ring = 0; ring < kRings; ++ring) {
        ++rung[i];
        bell->ring();
      }
    });
  }
  std::array<int, 2> seen{};
  std::array<std::uint64_t, 4> tokens;
  while (seen[0] < kRings || seen[1] < kRings) {
    set->wait(-1);
    const std::size_t count = set->collect(tokens);
    for (std::size_t i = 0; i < count; ++i) seen[tokens[i] - 1] = rung[tokens[i] - 1];
  }
  for (std::thread& ringer : ringers) ringer.join();
}

TEST(linux_doorbell_raise_wakes_a_sleeping_thread) {
  auto set = native_platform().create_doorbell_set().take();
  std::atomic<int> wakes{0};
  std::thread sleeper([&] {
    std::array<std::uint64_t, 2> tokens;
    while (wakes < 1000) {
      set->wait(-1);
      if (set->collect(tokens) > 0) ++wakes;
    }
  });
  while (wakes < 1000) set->raise();
  sleeper.join();
}

TEST(linux_doorbell_set_is_pollable_until_collected) {
  auto bell = native_platform().create_doorbell().take();
  auto set = native_platform().create_doorbell_set().take();
  REQUIRE(set->add(bell->share().take(), 1).ok());
  CHECK(!is_pollable_ready(*set));
  bell->ring();
  CHECK(is_pollable_ready(*set));
  std::array<std::uint64_t, 2> tokens;
  CHECK_EQ(set->collect(tokens), 1);
  CHECK(!is_pollable_ready(*set));
}

TEST(linux_doorbell_wait_keeps_what_rang_for_collect) {
  auto set = native_platform().create_doorbell_set().take();
  std::vector<std::unique_ptr<Doorbell>> bells;
  for (std::uint64_t token = 1; token <= 3; ++token) {
    bells.push_back(native_platform().create_doorbell().take());
    REQUIRE(set->add(bells.back()->share().take(), token).ok());
    bells.back()->ring();
  }
  set->wait(-1);
  set->wait(-1);  // a ring is there already
  bells[0]->ring();
  std::array<std::uint64_t, 2> tokens;
  std::vector<std::uint64_t> collected;
  // A full span means: call again. Rings after the wait come in a call of their own.
  for (std::size_t count = 1; count != 0;) {
    count = set->collect(tokens);
    collected.insert(collected.end(), tokens.begin(), tokens.begin() + count);
  }
  CHECK(collected == (std::vector<std::uint64_t>{1, 2, 3, 1}));
}

// As in an event loop: a level-triggered epoll over the set's own epoll.
TEST(linux_doorbell_set_nests_in_an_event_loop) {
  auto bell = native_platform().create_doorbell().take();
  auto set = native_platform().create_doorbell_set().take();
  REQUIRE(set->add(bell->share().take(), 1).ok());
  const Handle loop = own_descriptor(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event{.events = EPOLLIN, .data = {}};
  const int inner = static_cast<int>(set->pollable());
  REQUIRE_EQ(::epoll_ctl(borrow_descriptor(loop), EPOLL_CTL_ADD, inner, &event), 0);
  std::array<std::uint64_t, 2> tokens;
  for (int round = 0; round < 3; ++round) {
    CHECK_EQ(::epoll_wait(borrow_descriptor(loop), &event, 1, 0), 0);
    bell->ring();
    CHECK_EQ(::epoll_wait(borrow_descriptor(loop), &event, 1, -1), 1);
    CHECK_EQ(set->collect(tokens), 1);
  }
}

TEST(linux_doorbell_set_refuses_descriptors_that_are_no_bell) {
  auto set = native_platform().create_doorbell_set().take();
  const auto refused = [&](int fd) {
    return set->add(own_descriptor(fd), 1).status == Status::ProtocolViolation;
  };
  CHECK(refused(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  CHECK(refused(::eventfd(0, EFD_CLOEXEC)));
  CHECK(refused(::open("/tmp", O_RDONLY | O_CLOEXEC)));
  CHECK(refused(::epoll_create1(EPOLL_CLOEXEC)));
  CHECK(refused(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)));
  CHECK(refused(::fcntl(static_cast<int>(set->pollable()), F_DUPFD_CLOEXEC, 0)));
}

TEST(linux_doorbell_wait_is_not_ended_by_a_signal) {
  auto set = native_platform().create_doorbell_set().take();
  struct sigaction action {};
  action.sa_handler = [](int) {};
  struct sigaction before {};
  ::sigaction(SIGUSR1, &action, &before);
  std::atomic<bool> asleep{false};
  std::atomic<bool> raised{false};
  std::atomic<bool> early{false};
  std::thread sleeper([&] {
    asleep = true;
    set->wait(-1);
    early = !raised;
  });
  while (!asleep) std::this_thread::yield();
  for (int i = 0; i < 200; ++i) {
    ::pthread_kill(sleeper.native_handle(), SIGUSR1);
    std::this_thread::yield();
  }
  raised = true;
  set->raise();
  sleeper.join();
  CHECK(!early);
  ::sigaction(SIGUSR1, &before, nullptr);
}
