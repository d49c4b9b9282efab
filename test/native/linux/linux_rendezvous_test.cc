// Linux only: where bus names are stored, other users' access to that place, and files left behind.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

#include "platform/platform_contract.h"

namespace {

using namespace busbar;
using namespace contract;
namespace fs = std::filesystem;

// A session directory of the test's own, mode 0700.
class SessionDirectory {
 public:
  SessionDirectory() {
    char name[] = "/tmp/busbar-session-XXXXXX";
    if (CHECK(::mkdtemp(name) != nullptr)) path_ = name;
    ::setenv("XDG_RUNTIME_DIR", path_.c_str(), 1);
  }
  SessionDirectory(const SessionDirectory&) = delete;
  SessionDirectory& operator=(const SessionDirectory&) = delete;
  ~SessionDirectory() {
    ::unsetenv("XDG_RUNTIME_DIR");
    fs::remove_all(path_);
  }
  [[nodiscard]] fs::path bus() const { return path_ / "busbar"; }
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

int count_files(const fs::path& directory) {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(directory)) ++count;
  return count;
}

fs::path only_file(const fs::path& directory, std::string_view ending) {
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() == ending) return entry.path();
  }
  return {};
}

Status open_status() { return native_platform().open_rendezvous("test").status(); }

}  // namespace

TEST(linux_rendezvous_uses_the_session_directory_and_cleans_up) {
  SessionDirectory session;
  auto rendezvous = open(native_platform(), "com.solar/№1");
  CHECK_EQ(count_files(session.bus()), 0);
  auto listener = rendezvous->claim();
  REQUIRE(listener.ok());
  CHECK_EQ(count_files(session.bus()), 3);
  const fs::path socket = only_file(session.bus(), ".sock");
  CHECK(socket.filename().string().starts_with("com.solar____1-"));
  CHECK_EQ(socket.stem().string().size(), std::string("com.solar____1-").size() + 32);
  listener.value()->release_name(true);
  CHECK_EQ(count_files(session.bus()), 0);
}

TEST(linux_rendezvous_reuses_what_a_dead_holder_left) {
  SessionDirectory session;
  auto rendezvous = open(native_platform(), "test");
  for (int round = 0; round < 3; ++round) {
    auto listener = rendezvous->claim();
    REQUIRE(listener.ok());
    CHECK_EQ(count_files(session.bus()), 3);
  }
  // As if killed between bind and rename.
  const fs::path socket = only_file(session.bus(), ".sock");
  fs::rename(socket, fs::path(socket).replace_extension(".new"));
  auto listener = rendezvous->claim();
  REQUIRE(listener.ok());
  CHECK_EQ(count_files(session.bus()), 3);
  listener.value()->release_name(true);
  CHECK_EQ(count_files(session.bus()), 0);
}

TEST(linux_rendezvous_replaces_a_file_that_is_no_socket) {
  SessionDirectory session;
  auto rendezvous = open(native_platform(), "test");
  rendezvous->claim().take().reset();
  const fs::path socket = only_file(session.bus(), ".sock");
  fs::remove(socket);
  ::close(::open(socket.c_str(), O_CREAT | O_RDWR, 0600));
  CHECK_EQ(rendezvous->connect().status(), Status::PeerGone);
  auto listener = rendezvous->claim();
  REQUIRE(listener.ok());
  CHECK(rendezvous->connect().ok());
}

TEST(linux_rendezvous_copes_with_paths_longer_than_a_socket_address) {
  SessionDirectory session;
  const fs::path deep = session.path() / std::string(200, 'd');
  fs::create_directory(deep);
  fs::permissions(deep, fs::perms::owner_all);
  ::setenv("XDG_RUNTIME_DIR", deep.c_str(), 1);
  auto rendezvous = open(native_platform(), "test");
  auto listener = rendezvous->claim();
  REQUIRE(listener.ok());
  CHECK(rendezvous->connect().ok());
  CHECK_EQ(count_files(deep / "busbar"), 3);
}

TEST(linux_rendezvous_refuses_a_directory_others_can_enter) {
  SessionDirectory session;
  fs::create_directory(session.bus());
  fs::permissions(session.bus(), fs::perms::owner_all | fs::perms::group_exec);
  CHECK_EQ(open_status(), Status::Permission);
  fs::permissions(session.bus(), fs::perms::owner_all);
  CHECK_EQ(open_status(), Status::Ok);
}

TEST(linux_rendezvous_refuses_planted_links_and_files) {
  SessionDirectory session;
  const fs::path elsewhere = session.path() / "elsewhere";
  fs::create_directory(elsewhere);
  fs::permissions(elsewhere, fs::perms::owner_all);
  fs::create_directory_symlink(elsewhere, session.bus());
  CHECK_EQ(open_status(), Status::Permission);
  fs::remove(session.bus());
  ::close(::open(session.bus().c_str(), O_CREAT | O_RDWR, 0700));
  CHECK_EQ(open_status(), Status::Permission);
}

TEST(linux_rendezvous_refuses_a_directory_of_another_user) {
  if (::geteuid() != 0) return;  // only root can change the owner of a directory
  SessionDirectory session;
  fs::create_directory(session.bus());
  fs::permissions(session.bus(), fs::perms::owner_all);
  CHECK_EQ(::chown(session.bus().c_str(), 65534, 65534), 0);
  CHECK_EQ(open_status(), Status::Permission);
}

TEST(linux_rendezvous_knows_whether_a_process_listens_to_its_bell) {
  const SessionDirectory session;
  auto rendezvous = native_platform().open_rendezvous("test").take();
  CHECK(!rendezvous->has_listeners());
  auto listener = rendezvous->claim().take();
  int opened[2];
  REQUIRE_EQ(::pipe2(opened, O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto bell = rendezvous->open_bell();
    (void)!::write(opened[1], bell ? "y" : "n", 1);
    for (;;) ::pause();
  }
  char answer = 0;
  REQUIRE_EQ(::read(opened[0], &answer, 1), 1);
  CHECK(answer == 'y');
  // As if killed, with the files left behind.
  listener.reset();
  CHECK(rendezvous->has_listeners());
  (void)::kill(child, SIGKILL);
  (void)::waitpid(child, nullptr, 0);
  CHECK(!rendezvous->has_listeners());
  ::close(opened[0]);
  ::close(opened[1]);
}

// Root may do everything, so the child runs as nobody. Returns 0 if it found, or made, the bus.
int as_nobody(const SessionDirectory& session, mode_t mask) {
  if (::geteuid() == 0) CHECK_EQ(::chown(session.path().c_str(), 65534, 65534), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(10);
    ::umask(mask);
    auto rendezvous = native_platform().open_rendezvous("test");
    if (!rendezvous) ::_exit(11);
    auto listener = rendezvous.value()->claim();
    if (!listener) ::_exit(12);
    if (!rendezvous.value()->connect()) ::_exit(13);
    if (!rendezvous.value()->open_bell()) ::_exit(14);
    // As if killed, with the files left behind.
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

TEST(linux_rendezvous_is_there_for_others_whatever_its_umask) {
  for (const mode_t mask : {0777U, 0277U, 0000U}) {
    SessionDirectory session;
    CHECK_EQ(as_nobody(session, mask), 0);
    CHECK_EQ(as_nobody(session, 0022), 0);
    CHECK_EQ(as_nobody(session, mask), 0);
  }
}

// A process was killed after creating the files, before it could undo the effect of its umask.
TEST(linux_rendezvous_repairs_what_a_umask_left) {
  SessionDirectory session;
  CHECK_EQ(as_nobody(session, 0022), 0);
  CHECK_EQ(::chmod(only_file(session.bus(), ".lock").c_str(), 0), 0);
  CHECK_EQ(::chmod(session.bus().c_str(), 0), 0);
  CHECK_EQ(as_nobody(session, 0022), 0);
}

TEST(linux_rendezvous_says_what_failed_and_where) {
  SessionDirectory session;
  fs::create_directory(session.bus());
  fs::permissions(session.bus(), fs::perms::all);
  const Error open = native_platform().open_rendezvous("test").error();
  REQUIRE(open.at != nullptr && open.at->path != nullptr && open.at->advice != nullptr);
  CHECK_EQ(std::string(open.at->call), "open");
  CHECK_EQ(std::string(open.at->path), session.bus().string());
  fs::remove_all(session.bus());
  ::close(::open(session.bus().c_str(), O_CREAT | O_RDWR, 0700));
  const Error none = native_platform().open_rendezvous("test").error();
  REQUIRE(none.at != nullptr);
  CHECK_EQ(none.os_code, ENOTDIR);
}

TEST(linux_rendezvous_falls_back_to_a_directory_per_user) {
  SessionDirectory session;
  const fs::path fallback = "/tmp/busbar-" + std::to_string(::geteuid());
  fs::permissions(session.path(), fs::perms::owner_all | fs::perms::group_all);
  for (const std::string& useless : {session.path().string(), std::string("relative"),
                                     std::string(), (session.path() / "missing").string()}) {
    ::setenv("XDG_RUNTIME_DIR", useless.c_str(), 1);
    const std::string identifier = unique_identifier(native_platform());
    auto listener = open(native_platform(), identifier)->claim();
    REQUIRE(listener.ok());
    bool found = false;
    for (const auto& entry : fs::directory_iterator(fallback)) {
      found = found || entry.path().filename().string().starts_with(identifier);
    }
    CHECK(found);
    listener.value()->release_name(true);
  }
  struct stat facts {};
  CHECK_EQ(::stat(fallback.c_str(), &facts), 0);
  CHECK_EQ(facts.st_mode & 0777, 0700);
}

TEST(linux_rendezvous_notices_that_it_was_deposed) {
  SessionDirectory session;
  auto rendezvous = open(native_platform(), "test");
  auto first = rendezvous->claim();
  REQUIRE(first.ok());
  fs::remove(only_file(session.bus(), ".sock"));
  CHECK(!first.value()->holds_name());
  auto second = rendezvous->claim();
  REQUIRE(second.ok());
  CHECK(!first.value()->holds_name());
  first.value()->release_name(true);
  CHECK(second.value()->holds_name());
  CHECK_EQ(count_files(session.bus()), 3);
}

TEST(linux_rendezvous_survives_the_removal_of_its_directory) {
  SessionDirectory session;
  auto rendezvous = open(native_platform(), "test");
  auto first = rendezvous->claim();
  REQUIRE(first.ok());
  fs::remove_all(session.bus());
  CHECK(!first.value()->holds_name());
  CHECK_EQ(rendezvous->connect().status(), Status::NoController);
  auto second = rendezvous->claim();
  REQUIRE(second.ok());
  first.value()->release_name(true);
  CHECK(second.value()->holds_name());
}

TEST(linux_rendezvous_does_not_wait_for_the_lock) {
  SessionDirectory session;
  auto rendezvous = open(native_platform(), "test");
  auto listener = rendezvous->claim();
  REQUIRE(listener.ok());
  const fs::path lock = only_file(session.bus(), ".lock");
  const int fd = ::open(lock.c_str(), O_RDWR | O_CLOEXEC);
  CHECK_EQ(::flock(fd, LOCK_EX | LOCK_NB), 0);
  CHECK_EQ(rendezvous->claim().status(), Status::WouldBlock);
  // The files stay: the process that holds the lock is about to read them.
  listener.value()->release_name(true);
  CHECK(listener.value()->holds_name());
  ::close(fd);
  listener.value()->release_name(true);
  CHECK(!listener.value()->holds_name());
}

TEST(linux_rendezvous_reports_a_crowded_door) {
  SessionDirectory session;
  auto rendezvous = open(native_platform(), "test");
  auto listener = rendezvous->claim();
  REQUIRE(listener.ok());
  // A shorter backlog than bind_name's, so that a few visitors fill it.
  auto door = listener.value()->share();
  REQUIRE(door.ok());
  REQUIRE_EQ(::listen(static_cast<int>(door.value().borrow()), 1), 0);
  std::vector<std::unique_ptr<Channel>> visitors;
  Result<std::unique_ptr<Channel>> visitor = Status::Ok;
  while ((visitor = rendezvous->connect()).ok()) visitors.push_back(visitor.take());
  CHECK_EQ(visitor.status(), Status::WouldBlock);
  CHECK_EQ(rendezvous->claim().status(), Status::WouldBlock);
  CHECK(listener.value()->accept().ok());
  CHECK(rendezvous->connect().ok());
}

// Several threads claim, leave and claim again: the lock file is removed and created meanwhile.
TEST(linux_rendezvous_never_has_two_holders_among_threads) {
  SessionDirectory session;
  std::atomic<int> holders{0};
  std::atomic<int> terms{0};
  std::atomic<bool> broken{false};
  const auto compete = [&](bool politely) {
    auto rendezvous = open(native_platform(), "test");
    while (terms < 500 && !broken) {
      auto listener = rendezvous->claim();
      if (!listener) {
        if (listener.status() != Status::WouldBlock) broken = true;
        continue;
      }
      ++holders;
      for (int i = 0; i < 3; ++i) {
        if (holders != 1 || !listener.value()->holds_name()) broken = true;
        std::this_thread::yield();
      }
      ++terms;
      --holders;
      if (politely) listener.value()->release_name(true);
    }
  };
  std::array<std::thread, 4> threads;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    threads[i] = std::thread(compete, i % 2 == 0);
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(!broken);
}
