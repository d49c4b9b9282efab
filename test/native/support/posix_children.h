// The processes that a subject of the contract has started. Each lives until it is killed; a
// process that ended in another way has failed.
#pragma once

#include <sys/types.h>
#include <sys/wait.h>

#include <csignal>
#include <utility>
#include <vector>

#include "support/check.h"

namespace contract {

class PosixChildren {
 public:
  PosixChildren() = default;
  PosixChildren(const PosixChildren&) = delete;
  PosixChildren& operator=(const PosixChildren&) = delete;
  ~PosixChildren() { end_all(); }

  void add(pid_t pid) { children_.push_back(pid); }
  // Adds a process that end_racers() kills.
  void add_racer(pid_t pid) {
    add(pid);
    racers_.push_back(pid);
  }

  void end(pid_t pid) {
    if (std::erase(children_, pid) == 0) return;
    ::kill(pid, SIGKILL);
    int how = 0;
    ::waitpid(pid, &how, 0);
    // otherwise a CHECK failed in it, or it crashed
    CHECK(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
  }
  void end_racers() {
    for (const pid_t pid : std::exchange(racers_, {})) end(pid);
  }
  void end_all() {
    end_racers();
    while (!children_.empty()) end(children_.back());
  }

 private:
  std::vector<pid_t> children_;
  std::vector<pid_t> racers_;
};

}  // namespace contract
