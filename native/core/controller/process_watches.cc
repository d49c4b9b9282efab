// Counts the users of each watch.
#include "core/controller/process_watches.h"

namespace busbar {
namespace {

// Only while descriptors are short: until a watch succeeds, the end of a process goes unnoticed.
constexpr std::chrono::milliseconds kWatchRetry{100};

}  // namespace

ProcessWatches::~ProcessWatches() {
  for (const auto& [token, pid] : pid_by_token_) reactor_.forget(token);
}

void ProcessWatches::add(std::uint32_t pid) {
  Watch& watch = by_pid_[pid];
  if (watch.users++ == 0) start(pid, watch);
}

void ProcessWatches::remove(std::uint32_t pid) noexcept {
  const auto found = by_pid_.find(pid);
  if (found == by_pid_.end() || --found->second.users > 0) return;
  if (found->second.token != 0) {
    reactor_.forget(found->second.token);
    pid_by_token_.erase(found->second.token);
  }
  by_pid_.erase(found);
}

std::optional<std::uint32_t> ProcessWatches::ended(std::uint64_t token) const noexcept {
  const auto found = pid_by_token_.find(token);
  if (found == pid_by_token_.end()) return std::nullopt;
  return found->second;
}

void ProcessWatches::handle_deadline() {
  if (!retry_ || platform_.now() < *retry_) return;
  retry_.reset();
  for (auto& [pid, watch] : by_pid_) {
    if (watch.token == 0) start(pid, watch);
  }
}

void ProcessWatches::start(std::uint32_t pid, Watch& watch) {
  const std::uint64_t token = tokens_.next();
  const Status watched = reactor_.watch_process(pid, token).status;
  if (watched == Status::Ok) {
    watch.token = token;
    pid_by_token_[token] = pid;
  } else if (!retry_ && (watched == Status::OutOfDescriptors || watched == Status::OutOfMemory)) {
    retry_ = platform_.now() + kWatchRetry;
  }
}

}  // namespace busbar
