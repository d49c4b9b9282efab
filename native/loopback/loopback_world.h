// LoopbackWorld: a kernel in a box. Processes with chosen ids, a clock that moves when told to,
// sudden death. Deterministic: equal calls give equal answers. One world is used by one thread.
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
  // `seed` decides what Platform::random gives.
  explicit LoopbackWorld(std::uint64_t seed = 1) noexcept : random_state_(seed) {}
  LoopbackWorld(const LoopbackWorld&) = delete;
  LoopbackWorld& operator=(const LoopbackWorld&) = delete;
  // Kills everybody. What their code still holds may be destroyed later, but no longer used.
  ~LoopbackWorld();

  // The platform as a new process sees it; lives as long as the world, also after kill(). `pid` is
  // not 0 and not in use by a living process.
  [[nodiscard]] Platform& start_process(std::uint32_t pid, std::uint64_t user = 1000);
  // SIGKILL: closes all that the process has open, so its channels break and its names come free.
  // Its code may still be run and destroyed; whatever it calls is refused with Closed.
  void kill(std::uint32_t pid) noexcept;
  [[nodiscard]] bool is_alive(std::uint32_t pid) const noexcept;

  // How many handles the living process `pid` holds: what a test of leaks counts.
  [[nodiscard]] std::size_t count_handles(std::uint32_t pid) const noexcept;

  // The processor on which `pid` claims to run from now on (0 at first).
  void set_cpu(std::uint32_t pid, std::uint32_t cpu) noexcept;
  // What its Platform::pid_namespace() says; its pid goes on to mean the same to everybody.
  void set_pid_namespace(std::uint32_t pid, std::uint64_t number) noexcept;

  // Platform::now() of all processes; begins at 1 s and stands still between calls of advance().
  [[nodiscard]] TimePoint now() const noexcept { return now_; }
  void advance(std::chrono::nanoseconds by) noexcept { now_ += by; }

  // For the nouns of this folder:

  // By user and identifier, as on Linux each user has a directory of his own. An expired listener
  // is a holder who died or left without releasing the name.
  using Names =
      std::map<std::pair<std::uint64_t, std::string>, std::weak_ptr<loopback::ListenerObject>>;
  [[nodiscard]] Names& names() noexcept { return names_; }
  // The last number that a holder of the name began.
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
  Generations generations_;
  std::vector<Entry> processes_;
};

}  // namespace busbar
