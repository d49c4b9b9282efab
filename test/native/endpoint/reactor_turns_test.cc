// Only the control thread may use a reactor, and only in its turn. Builds with sanitizers check
// each call; this test shows that the check works.
#include "core/endpoint/reactor_turns.h"

#include <array>

#include "platform/platform.h"
#include "support/check.h"

namespace busbar::test {

TEST(reactor_used_out_of_turn_is_noticed) {
  Platform& platform = native_platform();
  ReactorTurns turns;
  int wrong = 0;
  auto reactor = check_turns(platform.create_reactor().take(), turns, [&wrong] { ++wrong; });
  auto pair = platform.create_channel_pair(platform.self().pid).take();
  // Until the control thread runs, the reactor belongs to the program's thread.
  CHECK(reactor->watch(*pair.mine, 1).ok());
  CHECK_EQ(wrong, 0);
  turns.end();
  // Allowed for every thread, and between two turns.
  reactor->wake();
  std::array<Readiness, 4> ready;
  CHECK_EQ(reactor->wait(platform.now(), ready), 0);
  CHECK_EQ(wrong, 0);
  reactor->want_writable(1);
  CHECK_EQ(wrong, 1);
  reactor->forget(1);
  CHECK_EQ(wrong, 2);
  CHECK(reactor->watch(*pair.mine, 2).ok());
  CHECK_EQ(wrong, 3);
  CHECK(reactor->watch_process(platform.self().pid, 3).ok());
  CHECK_EQ(wrong, 4);
  reactor->pause(2);
  CHECK_EQ(wrong, 5);
  reactor->resume(2);
  CHECK_EQ(wrong, 6);
  turns.begin();
  reactor->forget(2);
  reactor->forget(3);
  CHECK_EQ(wrong, 6);
}

}  // namespace busbar::test
