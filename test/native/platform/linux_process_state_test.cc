// What /proc says of a process that works, waits or is stopped.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "platform/platform.h"
#include "support/check.h"

namespace busbar::test {
namespace {

// A child process that is killed at the end.
class Child {
 public:
  explicit Child(void (*body)()) : pid_(::fork()) {
    if (pid_ == 0) {
      body();
      ::_exit(0);
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    (void)::kill(pid_, SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] std::uint32_t pid() const noexcept { return static_cast<std::uint32_t>(pid_); }

 private:
  pid_t pid_;
};

}  // namespace

TEST(linux_process_that_works_is_runnable_until_it_is_stopped) {
  Platform& platform = native_platform();
  const Child child([] {
    for (volatile bool on = true; on;) {
    }
  });
  CHECK(platform.is_runnable(child.pid()));
  CHECK(!platform.is_stopped(child.pid()));
  REQUIRE_EQ(::kill(static_cast<pid_t>(child.pid()), SIGSTOP), 0);
  int how = 0;
  REQUIRE_EQ(::waitpid(static_cast<pid_t>(child.pid()), &how, WUNTRACED),
             static_cast<pid_t>(child.pid()));
  CHECK(platform.is_stopped(child.pid()));
  CHECK(!platform.is_runnable(child.pid()));
}

TEST(linux_process_that_waits_is_neither_runnable_nor_stopped) {
  Platform& platform = native_platform();
  const Child child([] {
    for (;;) ::pause();
  });
  // Runs for a moment before it waits.
  while (platform.is_runnable(child.pid())) ::usleep(100);
  CHECK(!platform.is_stopped(child.pid()));
}

TEST(linux_process_that_is_gone_is_neither_runnable_nor_stopped) {
  Platform& platform = native_platform();
  std::uint32_t pid = 0;
  {
    const Child child([] {
      for (;;) ::pause();
    });
    pid = child.pid();
  }
  CHECK(!platform.is_runnable(pid));
  CHECK(!platform.is_stopped(pid));
}

}  // namespace busbar::test
