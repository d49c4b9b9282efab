// Linux only: a sleeping reactor, and the objects of this folder in real threads.
#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "platform/platform_contract.h"

namespace {

using namespace busbar;
using namespace contract;

}  // namespace

TEST(linux_reactor_is_woken_from_another_thread) {
  auto reactor = native_platform().create_reactor().take();
  std::atomic<int> woken{0};
  std::thread loop([&] {
    std::array<Readiness, 4> ready;
    while (woken < 1000) {
      CHECK_EQ(reactor->wait(std::nullopt, ready), 0);
      ++woken;
    }
  });
  while (woken < 1000) reactor->wake();
  loop.join();
}

TEST(linux_reactor_never_returns_before_its_deadline) {
  auto reactor = native_platform().create_reactor().take();
  std::array<Readiness, 4> ready;
  for (const auto delay : {std::chrono::microseconds(1), std::chrono::microseconds(300),
                           std::chrono::microseconds(2500)}) {
    const TimePoint deadline = native_platform().now() + delay;
    CHECK_EQ(reactor->wait(deadline, ready), 0);
    CHECK(native_platform().now() >= deadline);
  }
}

TEST(linux_reactor_is_not_woken_by_a_paused_channel) {
  auto reactor = native_platform().create_reactor().take();
  Ends ends = make_ends(native_platform());
  CHECK(reactor->watch(*ends.near, 1).ok());
  reactor->pause(1);
  std::array<Readiness, 4> ready;
  CHECK(send_text(*ends.far, "x").ok());
  CHECK_EQ(reactor->wait(native_platform().now(), ready), 0);
  reactor->want_writable(1);
  CHECK_EQ(reactor->wait(native_platform().now(), ready), 1);
  CHECK(ready[0].writable && !ready[0].readable);
  CHECK_EQ(reactor->wait(native_platform().now(), ready), 0);
}

TEST(linux_reactor_passes_datagrams_between_threads) {
  Ends ends = make_ends(native_platform());
  constexpr int kCount = 5000;
  // The writer is faster than the reader, so it gets WouldBlock and waits for writable.
  std::thread writer([&] {
    auto reactor = native_platform().create_reactor().take();
    CHECK(reactor->watch(*ends.near, 1).ok());
    std::array<Readiness, 1> ready;
    for (int i = 0; i < kCount;) {
      const Error error = send_text(*ends.near, std::to_string(i));
      if (error.ok()) {
        ++i;
        continue;
      }
      if (!CHECK_EQ(error.status, Status::WouldBlock)) return;
      reactor->want_writable(1);
      CHECK_EQ(reactor->wait(std::nullopt, ready), 1);
    }
  });
  auto reactor = native_platform().create_reactor().take();
  CHECK(reactor->watch(*ends.far, 1).ok());
  std::array<Readiness, 1> ready;
  for (int i = 0; i < kCount; ++i) {
    CHECK_EQ(reactor->wait(std::nullopt, ready), 1);
    auto datagram = ends.far->receive();
    if (!CHECK(datagram.ok())) break;
    CHECK(datagram.value().bytes == bytes_of(std::to_string(i)));
  }
  writer.join();
}
