// Windows as a subject of the contract: children are this program in another mode, death is
// TerminateProcess, and the pid of this process makes bus names unique.
#include <array>
#include <cstdio>
#include <utility>

#include "platform/platform_contract.h"
#include "windows/windows_api.h"

namespace contract {
namespace {

using namespace busbar;

// No test has more handles open.
constexpr std::uintptr_t kMaxHandles = 4096;

HANDLE handle_in(const std::string& text) {
  return reinterpret_cast<HANDLE>(static_cast<std::uintptr_t>(std::stoull(text)));
}

std::string text_of(HANDLE handle) {
  return std::to_string(reinterpret_cast<std::uintptr_t>(handle));
}

// --role <name> <end of a channel> <argument>
int play_role(const std::vector<std::string>& arguments) {
  const Role role = find_role(arguments.at(0));
  auto theirs =
      native_platform().adopt(reinterpret_cast<std::intptr_t>(handle_in(arguments.at(1))));
  if (role == nullptr || !theirs) return 1;
  auto parent = native_platform().adopt_channel(theirs.take());
  if (!parent) return 1;
  [[maybe_unused]] const Kept kept = role(native_platform(), *parent.value(), arguments.at(2));
  if (check::failure_count() != 0) return 1;
  for (;;) ::Sleep(INFINITE);
}

// --racer <section of the board> <identifier>; keeps what it got until it is killed.
int race_once(const std::vector<std::string>& arguments) {
  auto& board = *static_cast<RaceBoard*>(
      ::MapViewOfFile(handle_in(arguments.at(0)), FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0));
  auto rendezvous = open(native_platform(), arguments.at(1));
  while (!board.started) ::SwitchToThread();
  for (;;) {
    if (auto channel = rendezvous->connect()) {
      ++board.finished;
      for (;;) ::Sleep(INFINITE);
    }
    if (auto listener = rendezvous->claim()) {
      ++board.holders;
      ++board.finished;
      for (;;) ::Sleep(INFINITE);
    }
    ::SwitchToThread();
  }
}

[[maybe_unused]] const bool registered_modes =
    check::register_mode("--role", play_role) && check::register_mode("--racer", race_once);

struct Process {
  HANDLE handle = nullptr;
  DWORD pid = 0;
};

class WindowsSubject final : public Subject {
 public:
  ~WindowsSubject() override {
    kill_racers();
    while (!children_.empty()) end_child(children_.back().pid);
  }

  Platform& here() override { return native_platform(); }

  Child spawn(const std::string& role, const std::string& argument) override {
    Result<ChannelPair> pair = here().create_channel_pair(0);
    if (!CHECK(pair.ok())) return {};
    const auto end = reinterpret_cast<HANDLE>(pair.value().theirs.borrow());
    const Process child = start({"--role", role, text_of(end), argument}, end);
    if (!CHECK(child.handle != nullptr)) return {};
    children_.push_back(child);
    return {child.pid, std::move(pair.value().mine)};
  }

  void kill(const Child& child) override {
    for (const Process& each : children_) {
      if (each.pid == child.pid) terminate(each);
    }
  }
  void reap(const Child& child) override { end_child(child.pid); }

  int race(const std::string& identifier, int racers) override {
    const HANDLE section =
        ::CreateFileMappingA(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, 4096, nullptr);
    auto& board =
        *static_cast<RaceBoard*>(::MapViewOfFile(section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0));
    for (int i = 0; i < racers; ++i) {
      const Process racer = start({"--racer", text_of(section), identifier}, section);
      CHECK(racer.handle != nullptr);
      children_.push_back(racer);
      racers_.push_back(racer.pid);
    }
    board.started = true;
    while (board.finished < racers) ::Sleep(1);
    const int holders = board.holders;
    ::UnmapViewOfFile(&board);
    ::CloseHandle(section);
    return holders;
  }

  void kill_racers() override {
    for (const DWORD pid : std::exchange(racers_, {})) end_child(pid);
  }

  std::size_t count_open() override {
    // One by one: Wine reports a wrong number of handles.
    std::size_t count = 0;
    for (std::uintptr_t number = 4; number < kMaxHandles * 4; number += 4) {
      DWORD flags = 0;
      if (::GetHandleInformation(reinterpret_cast<HANDLE>(number), &flags) != 0) ++count;
    }
    MEMORY_BASIC_INFORMATION part{};
    const char* place = nullptr;
    while (::VirtualQuery(place, &part, sizeof part) != 0) {
      if (part.Type == MEM_MAPPED && part.BaseAddress == part.AllocationBase) ++count;
      place = static_cast<const char*>(part.BaseAddress) + part.RegionSize;
    }
    return count;
  }

 private:
  static Process start(const std::vector<std::string>& arguments, HANDLE inherited) {
    std::array<char, MAX_PATH> program;
    ::GetModuleFileNameA(nullptr, program.data(), program.size());
    std::string line = '"' + std::string(program.data()) + '"';
    // No argument of these tests contains a quotation mark.
    for (const std::string& argument : arguments) line += " \"" + argument + '"';
    ::SetHandleInformation(inherited, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    STARTUPINFOA startup{};
    startup.cb = sizeof startup;
    PROCESS_INFORMATION made{};
    const BOOL started = ::CreateProcessA(program.data(), line.data(), nullptr, nullptr, TRUE, 0,
                                          nullptr, nullptr, &startup, &made);
    ::SetHandleInformation(inherited, HANDLE_FLAG_INHERIT, 0);
    if (started == 0) return {};
    ::CloseHandle(made.hThread);
    return {made.hProcess, made.dwProcessId};
  }

  static void terminate(const Process& process) {
    ::TerminateProcess(process.handle, 9);
    ::WaitForSingleObject(process.handle, INFINITE);
  }

  void end_child(DWORD pid) {
    for (auto each = children_.begin(); each != children_.end(); ++each) {
      if (each->pid != pid) continue;
      terminate(*each);
      DWORD code = 0;
      ::GetExitCodeProcess(each->handle, &code);
      CHECK_EQ(code, 9);  // otherwise a CHECK failed in it, or it crashed
      ::CloseHandle(each->handle);
      children_.erase(each);
      return;
    }
  }

  std::vector<Process> children_;
  std::vector<DWORD> racers_;
};

}  // namespace

std::unique_ptr<Subject> make_native_subject() { return std::make_unique<WindowsSubject>(); }

}  // namespace contract
