// ProcessWatches: reports when processes end. One watch for each process, whatever the number of
// its members.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "core/control/control_channel.h"
#include "platform/platform.h"

namespace busbar {

// On the control thread.
class ProcessWatches {
 public:
  ProcessWatches(Platform& platform, Reactor& reactor, TokenSource& tokens) noexcept
      : platform_(platform), reactor_(reactor), tokens_(tokens) {}
  ~ProcessWatches();
  ProcessWatches(const ProcessWatches&) = delete;
  ProcessWatches& operator=(const ProcessWatches&) = delete;

  // Each add() is undone by one remove().
  void add(std::uint32_t pid);
  void remove(std::uint32_t pid) noexcept;

  // The process that ended, if `token` is one of its watches. Reported again until every add() is
  // undone.
  [[nodiscard]] std::optional<std::uint32_t> ended(std::uint64_t token) const noexcept;

  // When a process that could not be watched, because no descriptor was left, is tried again.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const noexcept { return retry_; }
  void handle_deadline();

 private:
  struct Watch {
    // 0: not watched yet.
    std::uint64_t token = 0;
    std::size_t users = 0;
  };

  void start(std::uint32_t pid, Watch& watch);

  Platform& platform_;
  Reactor& reactor_;
  TokenSource& tokens_;
  std::map<std::uint32_t, Watch> by_pid_;
  std::map<std::uint64_t, std::uint32_t> pid_by_token_;
  std::optional<TimePoint> retry_;
};

}  // namespace busbar
