// Signals arrive all the time in every thread and interrupt waits and calls. Messages must not be
// affected.
#include <dirent.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "endpoint/endpoint_program.h"
#include "support/check.h"

namespace busbar::test {
namespace {

std::atomic<std::uint64_t> interruptions = 0;

void count_interruption(int) { interruptions.fetch_add(1, std::memory_order_relaxed); }

// Sends a signal to every other thread of this process, again and again.
class Interrupter {
 public:
  Interrupter() {
    struct sigaction action = {};
    // Without SA_RESTART: interrupted calls fail with EINTR.
    action.sa_handler = count_interruption;
    sigaction(SIGUSR1, &action, &before_);
    thread_ = std::thread([this] { run(); });
  }
  ~Interrupter() {
    stop_ = true;
    thread_.join();
    sigaction(SIGUSR1, &before_, nullptr);
  }
  Interrupter(const Interrupter&) = delete;
  Interrupter& operator=(const Interrupter&) = delete;

 private:
  void run() {
    const auto self = static_cast<pid_t>(syscall(SYS_gettid));
    while (!stop_) {
      DIR* tasks = opendir("/proc/self/task");
      if (tasks == nullptr) return;
      while (const dirent* entry = readdir(tasks)) {
        const auto thread = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
        if (thread > 0 && thread != self) (void)syscall(SYS_tgkill, getpid(), thread, SIGUSR1);
      }
      closedir(tasks);
      const timespec pause = {0, 20'000};
      nanosleep(&pause, nullptr);
    }
  }

  struct sigaction before_ = {};
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// Two endpoints meet, exchange messages in the ring and beside it, and part.
void meet(const std::string& identifier) {
  EndpointProgram a(native_platform(), identifier, "a");
  REQUIRE(a.join());
  EndpointProgram b(native_platform(), identifier, "b");
  REQUIRE(b.join());
  std::uint64_t bytes = 0;
  b.on_message = [&bytes](const ReceivedMessage& message, std::span<const std::byte>) {
    bytes += message.payload_bytes;
  };
  const std::uint32_t route = a.route("b", true);
  std::uint64_t expected = 0;
  for (const std::size_t size : {0, 64, 5'000, 300'000, 64}) {
    const std::vector<std::byte> payload(size);
    SendRequest request;
    request.route = route;
    request.payload = payload;
    request.acknowledge = Acknowledge::Taken;
    const SendOutcome outcome = a.endpoint->send(request);
    REQUIRE(outcome.error.ok());
    a.endpoint->flush_bells();
    expected += size;
    REQUIRE(b.turn_until([&] { return bytes == expected; }));
  }
  a.close();
  b.close();
}

}  // namespace

TEST(signals_at_every_moment_are_not_noticed) {
  const std::string identifier = "test.signals." + std::to_string(getpid());
  const Interrupter interrupter;
  while (interruptions.load() < 5'000) meet(identifier);
}

}  // namespace busbar::test
