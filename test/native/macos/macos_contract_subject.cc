// macOS, or the fake of Mach, as a subject of the contract. Children are this program in another
// mode, since ports are not inherited; they find their parent by a bus of the parent's own. Death
// is SIGKILL.
#include <dirent.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "macos/mach_api.h"
#include "platform/platform_contract.h"
#include "support/posix_children.h"

extern "C" kern_return_t vm_deallocate(vm_map_t task, uintptr_t address, size_t size);

namespace contract {
namespace {

using namespace busbar;

[[noreturn]] void sleep_for_ever() {
  for (;;) ::pause();
}

// --role <name> <bus of the parent> <argument>
int play_role(const std::vector<std::string>& arguments) {
  const Role role = find_role(arguments.at(0));
  auto parent = open(native_platform(), arguments.at(1))->connect();
  if (role == nullptr || !parent) return 1;
  [[maybe_unused]] const Kept kept = role(native_platform(), *parent.value(), arguments.at(2));
  if (check::failure_count() != 0) return 1;
  sleep_for_ever();
}

// --racer <descriptor of the board> <identifier>; keeps what it got until it is killed.
int race_once(const std::vector<std::string>& arguments) {
  void* shared = ::mmap(nullptr, sizeof(RaceBoard), PROT_READ | PROT_WRITE, MAP_SHARED,
                        std::stoi(arguments.at(0)), 0);
  auto& board = *static_cast<RaceBoard*>(shared);
  auto rendezvous = open(native_platform(), arguments.at(1));
  while (!board.started) ::sched_yield();
  for (;;) {
    if (auto channel = rendezvous->connect()) {
      ++board.finished;
      sleep_for_ever();
    }
    if (auto listener = rendezvous->claim()) {
      ++board.holders;
      ++board.finished;
      sleep_for_ever();
    }
    ::sched_yield();
  }
}

[[maybe_unused]] const bool registered_modes =
    check::register_mode("--role", play_role) && check::register_mode("--racer", race_once);

class MacosSubject final : public Subject {
 public:
  Platform& here() override { return native_platform(); }

  Child spawn(const std::string& role, const std::string& argument) override {
    const std::string family = unique_identifier(here()) + ".family";
    auto listener = open(here(), family)->claim();
    if (!CHECK(listener.ok())) return {};
    const pid_t pid = start({"--role", role, family, argument});
    children_.add(pid);
    auto channel = accept_next(here(), *listener.value());
    if (!CHECK(channel.ok())) return {};
    listener.value()->release_name(true);
    return {static_cast<std::uint32_t>(pid), channel.take()};
  }

  void kill(const Child& child) override { ::kill(static_cast<pid_t>(child.pid), SIGKILL); }
  void reap(const Child& child) override { children_.end(static_cast<pid_t>(child.pid)); }

  int race(const std::string& identifier, int racers) override {
    char path[] = "/tmp/busbar-race-XXXXXX";
    const int file = ::mkstemp(path);
    ::unlink(path);
    CHECK(::ftruncate(file, sizeof(RaceBoard)) == 0);
    void* shared = ::mmap(nullptr, sizeof(RaceBoard), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    auto& board = *new (shared) RaceBoard{};
    for (int i = 0; i < racers; ++i)
      children_.add_racer(start({"--racer", std::to_string(file), identifier}));
    board.started = true;
    while (board.finished < racers) ::sched_yield();
    const int holders = board.holders;
    ::munmap(shared, sizeof(RaceBoard));
    ::close(file);
    return holders;
  }

  void kill_racers() override { children_.end_racers(); }

  std::size_t count_open() override { return count_descriptors() + count_rights(); }

 private:
  static std::size_t count_descriptors() {
    std::size_t count = 0;
    DIR* directory = ::opendir("/dev/fd");
    while (::readdir(directory) != nullptr) ++count;
    ::closedir(directory);
    return count;
  }

  static std::size_t count_rights() {
    mach_port_name_t* names = nullptr;
    mach_port_type_t* types = nullptr;
    mach_msg_type_number_t count = 0;
    mach_msg_type_number_t type_count = 0;
    mach_port_names(mach_task_self(), &names, &count, &types, &type_count);
    std::size_t rights = 0;
    for (mach_msg_type_number_t i = 0; i < count; ++i) {
      mach_port_urefs_t references = 0;
      if ((types[i] & MACH_PORT_TYPE_SEND) != 0)
        mach_port_get_refs(mach_task_self(), names[i], MACH_PORT_RIGHT_SEND, &references);
      rights += references + ((types[i] & MACH_PORT_TYPE_RECEIVE) != 0 ? 1 : 0);
    }
    vm_deallocate(mach_task_self(), reinterpret_cast<uintptr_t>(names), count * sizeof *names);
    vm_deallocate(mach_task_self(), reinterpret_cast<uintptr_t>(types), count * sizeof *types);
    return rights;
  }

  static pid_t start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), check::program());
    std::vector<char*> pointers;
    pointers.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::execv(check::program().c_str(), pointers.data());
      ::_exit(1);
    }
    CHECK(pid > 0);
    return pid;
  }

  PosixChildren children_;
};

}  // namespace

std::unique_ptr<Subject> make_native_subject() { return std::make_unique<MacosSubject>(); }

}  // namespace contract
