// Real processes: controllers killed with SIGKILL, and controllers that leave. The parent only
// watches; it is no member itself.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/membership/membership.h"
#include "support/check.h"

namespace busbar {
namespace {

// A child's report to its parent; small enough for one atomic write to a pipe.
struct Report {
  pid_t pid = 0;
  std::uint64_t id = 0;
  std::uint64_t generation = 0;
  bool self = false;
  // Members listed as present in its directory.
  std::size_t present = 0;
};

std::atomic<Reactor*> reactor_to_wake = nullptr;
volatile std::sig_atomic_t told_to_leave = 0;

void on_signal(int) {
  told_to_leave = 1;
  if (Reactor* reactor = reactor_to_wake) reactor->wake();
}

class ChildMember final : public MembershipEvents {
 public:
  ChildMember(int pipe, const std::string& identifier)
      : pipe_(pipe),
        reactor_(native_platform().create_reactor().take()),
        membership_(native_platform(), *reactor_, {.identifier = identifier}, *this) {}

  [[noreturn]] void run() {
    reactor_to_wake = reactor_.get();
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigaction(SIGUSR1, &action, nullptr);
    membership_.start();
    for (bool leaving = false;;) {
      if (told_to_leave != 0 && !std::exchange(leaving, true)) membership_.leave();
      if (left_) _exit(0);
      Readiness ready[16];
      const std::size_t count = reactor_->wait(membership_.next_deadline(), ready);
      for (std::size_t i = 0; i < count; ++i) membership_.handle(ready[i]);
      const auto due = membership_.next_deadline();
      if (due && *due <= native_platform().now()) membership_.handle_deadline();
    }
  }

  void on_admitted(std::uint64_t id, std::unique_ptr<DirectoryReader> directory,
                   const ControllerChange& change) override {
    directory_ = std::move(directory);
    report_ = {getpid(), id, change.generation, change.self, 0};
    on_directory_changed();
  }
  void on_directory_changed() override {
    report_.present = 0;
    if (!directory_->refresh()) _exit(3);
    for (const Member& member : directory_->members()) {
      report_.present += (member.flags & kMemberProvisional) == 0 ? 1 : 0;
    }
    if (write(pipe_, &report_, sizeof report_) != sizeof report_) _exit(4);
    membership_.await_change(directory_->seen_epoch());
  }
  void on_introduced(std::uint64_t, std::uint32_t, std::uint64_t, std::uint64_t,
                     std::vector<Handle>) override {}
  void on_introduction_failed(std::uint64_t, std::uint64_t, Status) override {}
  void on_parked_received(const HandOverSource&, Handle, std::uint64_t) override {}
  void on_relabelled(std::uint64_t) override {}
  void on_left(std::uint64_t) override { left_ = true; }
  void on_refused(Error error) override { _exit(10 + static_cast<int>(error.status)); }

 private:
  int pipe_;
  bool left_ = false;
  std::unique_ptr<Reactor> reactor_;
  std::unique_ptr<DirectoryReader> directory_;
  Report report_;
  Membership membership_;
};

// The parent's view of its children: the last report of each.
class Family {
 public:
  explicit Family(int count) {
    static int families = 0;
    identifier_ = "test.process." + std::to_string(getpid()) + "." + std::to_string(++families);
    if (!CHECK_EQ(pipe2(pipe_, O_CLOEXEC), 0)) return;
    for (int i = 0; i < count; ++i) start();
  }
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;
  ~Family() {
    while (!living.empty()) end(living.begin()->first, SIGKILL);
    close(pipe_[0]);
    close(pipe_[1]);
  }

  // Reads reports until `reached`; false when no more come.
  bool wait_until(const std::function<bool()>& reached) {
    while (!reached()) {
      pollfd readable{pipe_[0], POLLIN, 0};
      // A deadline for broken builds, not a measurement.
      if (poll(&readable, 1, 30000) != 1) return false;
      Report report;
      if (read(pipe_[0], &report, sizeof report) != sizeof report) return false;
      if (living.contains(report.pid)) living[report.pid] = report;
    }
    return true;
  }

  // All are members of that generation and see all others as present.
  bool whole(std::uint64_t generation) {
    return wait_until([&] {
      for (const auto& [pid, report] : living) {
        if (report.generation != generation || report.present != living.size()) return false;
      }
      return true;
    });
  }

  pid_t controller() const {
    pid_t found = 0;
    for (const auto& [pid, report] : living) {
      if (report.self) found = found == 0 ? pid : -1;
    }
    return found;
  }

  std::map<pid_t, std::uint64_t> ids() const {
    std::map<pid_t, std::uint64_t> ids;
    for (const auto& [pid, report] : living) ids[pid] = report.id;
    return ids;
  }

  // The exit status, as from waitpid.
  int end(pid_t pid, int signal) {
    living.erase(pid);
    int status = -1;
    kill(pid, signal);
    waitpid(pid, &status, 0);
    return status;
  }

  void start() {
    const pid_t pid = fork();
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      ChildMember(pipe_[1], identifier_).run();
    }
    living[pid] = {};
  }

  std::map<pid_t, Report> living;

 private:
  std::string identifier_;
  int pipe_[2] = {-1, -1};
};

}  // namespace

TEST(processes_keep_their_ids_when_controllers_are_killed) {
  Family family(8);
  REQUIRE(family.whole(1));
  for (std::uint64_t generation = 2; family.living.size() > 1; ++generation) {
    auto ids = family.ids();
    const pid_t controller = family.controller();
    REQUIRE(controller > 0);
    ids.erase(controller);
    family.end(controller, SIGKILL);
    REQUIRE(family.whole(generation));
    CHECK(family.ids() == ids);
  }
  // The last process to leave removes the name's files.
  CHECK_EQ(family.end(family.controller(), SIGUSR1), 0);
}

TEST(processes_hand_the_office_over) {
  Family family(6);
  REQUIRE(family.whole(1));
  for (std::uint64_t generation = 2; family.living.size() > 1; ++generation) {
    auto ids = family.ids();
    const pid_t controller = family.controller();
    REQUIRE(controller > 0);
    ids.erase(controller);
    CHECK_EQ(family.end(controller, SIGUSR1), 0);
    REQUIRE(family.whole(generation));
    CHECK(family.ids() == ids);
  }
  CHECK_EQ(family.end(family.controller(), SIGUSR1), 0);
}

// As by a logout, or a cleaner of /tmp. No process needs the controller meanwhile; it gets an
// event.
TEST(processes_take_their_name_again_when_it_is_removed) {
  char session[] = "/tmp/busbar-session-XXXXXX";
  REQUIRE(mkdtemp(session) != nullptr);
  setenv("XDG_RUNTIME_DIR", session, 1);
  const std::filesystem::path directory = std::filesystem::path(session) / "busbar";
  {
    Family family(4);
    CHECK(family.whole(1));
    const auto ids = family.ids();
    std::filesystem::remove_all(directory);
    CHECK(family.whole(2));
    CHECK(family.ids() == ids);
    // Only the socket's file.
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      if (entry.path().extension() == ".sock") std::filesystem::remove(entry.path());
    }
    CHECK(family.whole(3));
    // The whole directory, moved away.
    std::filesystem::rename(directory, std::filesystem::path(session) / "elsewhere");
    CHECK(family.whole(4));
    // Newcomers meet the others.
    family.start();
    CHECK(family.whole(4));
    CHECK_EQ(family.living.size(), 5);
  }
  unsetenv("XDG_RUNTIME_DIR");
  std::filesystem::remove_all(session);
}

TEST(processes_that_are_members_come_and_go) {
  Family family(8);
  REQUIRE(family.whole(1));
  while (family.living.size() > 1) {
    const pid_t controller = family.controller();
    pid_t member = 0;
    for (const auto& [pid, report] : family.living) member = pid != controller ? pid : member;
    const bool killed = family.living.size() % 2 == 0;
    const int status = family.end(member, killed ? SIGKILL : SIGUSR1);
    CHECK_EQ(status, killed ? SIGKILL : 0);
    REQUIRE(family.whole(1));
  }
  CHECK_EQ(family.end(family.controller(), SIGUSR1), 0);
}

}  // namespace busbar
