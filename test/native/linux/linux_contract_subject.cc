// Linux as a subject of the contract: children are forked, death is SIGKILL, and bus names are in
// the subject's own runtime directory.
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <utility>

#include "platform/platform_contract.h"
#include "support/linux_descriptors.h"
#include "support/posix_children.h"

namespace contract {
namespace {

using namespace busbar;

// For the racing child, which keeps what it got until it is killed.
[[noreturn]] void run_racer(const std::string& identifier, RaceBoard& board) {
  auto rendezvous = open(native_platform(), identifier);
  while (!board.started) ::sched_yield();
  for (;;) {
    if (auto channel = rendezvous->connect()) {
      ++board.finished;
      for (;;) ::pause();
    }
    if (auto listener = rendezvous->claim()) {
      ++board.holders;
      ++board.finished;
      for (;;) ::pause();
    }
    ::sched_yield();
  }
}

class LinuxSubject final : public Subject {
 public:
  LinuxSubject() {
    char path[] = "/tmp/busbar-contract-XXXXXX";
    if (CHECK(::mkdtemp(path) != nullptr)) directory_ = path;
    ::setenv("XDG_RUNTIME_DIR", directory_.c_str(), 1);
  }

  ~LinuxSubject() override {
    children_.end_all();
    std::filesystem::remove_all(directory_);
    ::unsetenv("XDG_RUNTIME_DIR");
  }

  Platform& here() override { return native_platform(); }

  Child spawn(const std::string& role, const std::string& argument) override {
    const Role body = find_role(role);
    if (!CHECK(body != nullptr)) return {};
    Result<ChannelPair> pair = here().create_channel_pair(here().self().pid);
    if (!CHECK(pair.ok())) return {};
    const pid_t pid = ::fork();
    if (pid == 0) {
      pair.value().mine.reset();
      run_child(std::move(pair.value().theirs), body, argument);
    }
    CHECK(pid > 0);
    children_.add(pid);
    return {static_cast<std::uint32_t>(pid), std::move(pair.value().mine)};
  }

  void kill(const Child& child) override { ::kill(static_cast<pid_t>(child.pid), SIGKILL); }
  void reap(const Child& child) override { children_.end(static_cast<pid_t>(child.pid)); }

  int race(const std::string& identifier, int racers) override {
    void* shared = ::mmap(nullptr, sizeof(RaceBoard), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto& board = *new (shared) RaceBoard{};
    for (int i = 0; i < racers; ++i) {
      const pid_t pid = ::fork();
      if (pid == 0) run_racer(identifier, board);
      children_.add_racer(pid);
    }
    board.started = true;
    while (board.finished < racers) ::sched_yield();
    const int holders = board.holders;
    ::munmap(shared, sizeof(RaceBoard));
    return holders;
  }

  void kill_racers() override { children_.end_racers(); }

  std::size_t count_open() override {
    busbar::test::await_closers();
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
      ++count;
    }
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      count += line.find("memfd:") != std::string::npos ? 1 : 0;
    }
    return count;
  }

 private:
  [[noreturn]] static void run_child(Handle theirs, Role body, const std::string& argument) {
    const int failures = check::failure_count();
    auto parent = native_platform().adopt_channel(std::move(theirs));
    if (!parent) ::_exit(1);
    [[maybe_unused]] const Kept kept = body(native_platform(), *parent.value(), argument);
    if (check::failure_count() != failures) ::_exit(1);
    for (;;) ::pause();
  }

  std::string directory_;
  PosixChildren children_;
};

}  // namespace

std::unique_ptr<Subject> make_native_subject() { return std::make_unique<LinuxSubject>(); }

}  // namespace contract
