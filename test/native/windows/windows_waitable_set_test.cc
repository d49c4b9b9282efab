// Windows only: the helper threads of a set, in step with the set's owner.
#include <atomic>
#include <chrono>
#include <string>

#include "support/check.h"
#include "windows/event_doorbell.h"
#include "windows/named_pipe.h"
#include "windows/pipe_operation.h"
#include "windows/system_thread.h"
#include "windows/waitable_set.h"
#include "windows/windows_api.h"

using namespace busbar;
using namespace busbar::windows_platform;

namespace {

bool is_called(const std::atomic<int>& calls, int before) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (calls == before && std::chrono::steady_clock::now() < end) ::Sleep(0);
  return calls > before;
}

}  // namespace

TEST(windows_set_ends_while_what_it_told_was_not_looked_at) {
  auto bell = create_event(false);
  REQUIRE(bell.ok());
  const RawHandle event = borrow_handle(bell.value());
  ::SetEvent(event);
  for (int round = 0; round < 300; ++round) {
    auto set = WaitableSet::create();
    std::atomic<int> calls{0};
    REQUIRE(set.ok() && set.value()->call_when_ready([&calls] { ++calls; }).ok());
    REQUIRE(set.value()->add(event, 1).ok());
    REQUIRE(is_called(calls, 0));
    // The helper rests, or is about to; the end of the set must reach it in both cases.
    if (round % 2 == 0) ::Sleep(0);
  }
}

// Reads that end interrupt the waits of the owner's thread.
TEST(windows_helper_keeps_step_with_an_owner_whose_reads_end) {
  const std::string name =
      "\\\\.\\pipe\\busbar-test-" + std::to_string(::GetCurrentProcessId()) + "-reads";
  auto mine = create_pipe(name, 1);
  auto theirs = open_pipe(name);
  auto reading = PipeOperation::create(64);
  auto writing = PipeOperation::create(64);
  auto set = WaitableSet::create();
  auto bell = create_event(false);
  REQUIRE(mine.ok() && theirs.ok() && reading.ok() && writing.ok() && set.ok() && bell.ok());
  std::atomic<int> calls{0};
  REQUIRE(set.value()->call_when_ready([&calls] { ++calls; }).ok());

  // Ends each round's read at some moment of the owner's work.
  constexpr int kRounds = 3000;
  std::atomic<int> round_begun{0};
  auto writer = start_system_thread([&] {
    const RawHandle pipe = borrow_handle(theirs.value());
    std::size_t bytes = 0;
    for (int round = 1; round <= kRounds; ++round) {
      while (round_begun < round) ::Sleep(0);
      for (volatile int pause = 0; pause < (round % 50) * 100;) pause = pause + 1;
      writing.value()->write(pipe, 1);
      while (writing.value()->finish(pipe, bytes) == ERROR_IO_INCOMPLETE) ::Sleep(0);
    }
  });
  REQUIRE(writer.ok());

  const RawHandle event = borrow_handle(bell.value());
  std::size_t bytes = 0;
  bool in_step = true;
  for (int round = 1; round <= kRounds; ++round) {
    reading.value()->read(borrow_handle(mine.value()));
    round_begun = round;
    if (in_step) {
      REQUIRE(set.value()->add(event, 1).ok());
      const int before = calls;
      ::SetEvent(event);
      in_step = CHECK(is_called(calls, before));
      ::ResetEvent(event);
      set.value()->look([](std::uint64_t) { return true; });
      set.value()->remove(1);
    }
    while (reading.value()->finish(borrow_handle(mine.value()), bytes) == ERROR_IO_INCOMPLETE)
      ::Sleep(0);
  }
  writer.value()->join();
}
