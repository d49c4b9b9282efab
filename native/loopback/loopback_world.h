// LoopbackWorld: a simulated kernel. Processes with chosen ids, a clock that a test advances,
// sudden death. Deterministic: the same calls return the same results. One thread per world.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "loopback/loopback_channel.h"
#include "loopback/loopback_object.h"
#include "platform/platform.h"

namespace busbar {

class LoopbackWorld {
 public:
  // `seed` determines the bytes of Platform::random.
  explicit LoopbackWorld(std::uint64_t seed = 1) noexcept : random_state_(seed) {}
  LoopbackWorld(const LoopbackWorld&) = delete;
  LoopbackWorld& operator=(const LoopbackWorld&) = delete;
  // Kills every process. Objects that their code still owns may be destroyed later, but not used.
  ~LoopbackWorld();

  // The platform of a new process; lives as long as the world, also after kill(). `pid` must not be
  // 0 nor the pid of a living process.
  [[nodiscard]] Platform& start_process(std::uint32_t pid, std::uint64_t user = 1000);
  // SIGKILL: closes all open objects of the process, so its channels break and its names are freed.
  // Its code may still run and be destroyed; all its calls fail with Closed.
  void kill(std::uint32_t pid) noexcept;
  [[nodiscard]] bool is_alive(std::uint32_t pid) const noexcept;

  // How many handles the living process `pid` has open; tests of leaks count them.
  [[nodiscard]] std::size_t count_handles(std::uint32_t pid) const noexcept;

  // The processor that `pid` reports from now on (0 at first).
  void set_cpu(std::uint32_t pid, std::uint32_t cpu) noexcept;
  // What Platform::is_runnable() says of the process (false at first).
  void set_runnable(std::uint32_t pid, bool runnable) noexcept;
  [[nodiscard]] bool is_runnable(std::uint32_t pid) const noexcept;
  // The value of the process's Platform::pid_namespace(); other processes still find it by its pid.
  void set_pid_namespace(std::uint32_t pid, std::uint64_t number) noexcept;

  // Platform::now() of all processes; starts at 1 s and changes only in advance().
  [[nodiscard]] TimePoint now() const noexcept { return now_; }
  void advance(std::chrono::nanoseconds by) noexcept { now_ += by; }

  // For the classes of this folder:

  // By user and identifier: as on Linux, each user has a directory of their own. An expired
  // listener means that its holder died or left without releasing the name.
  using Names =
      std::map<std::pair<std::uint64_t, std::string>, std::weak_ptr<loopback::ListenerObject>>;
  [[nodiscard]] Names& names() noexcept { return names_; }
  // The bell of the name's last holder; expired when no process has it open.
  using Bells =
      std::map<std::pair<std::uint64_t, std::string>, std::weak_ptr<loopback::NameBellObject>>;
  [[nodiscard]] Bells& bells() noexcept { return bells_; }
  // The last generation that a holder of the name began.
  using Generations = std::map<std::pair<std::uint64_t, std::string>, std::uint64_t>;
  [[nodiscard]] Generations& generations() noexcept { return generations_; }
  // A number that no holder of any name had before.
  [[nodiscard]] std::uint64_t next_holder_number() noexcept { return ++holders_; }
  void fill_random(std::span<std::byte> out) noexcept;

 private:
  struct Entry {
    std::unique_ptr<loopback::Process> process;
    std::unique_ptr<Platform> platform;
  };
  [[nodiscard]] loopback::Process* find_alive(std::uint32_t pid) const noexcept;

  TimePoint now_{std::chrono::seconds(1)};
  std::uint64_t random_state_;
  std::uint64_t holders_ = 0;
  Names names_;
  Bells bells_;
  Generations generations_;
  std::vector<Entry> processes_;
};

}  // namespace busbar
