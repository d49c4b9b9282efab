// The keeper's thread.
#include "core/region/region_keeper.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "core/region/memory_region.h"

namespace busbar {
namespace {

constexpr std::uint64_t kBellToken = 1;
// Rings read per call; the reactor reports the others again.
constexpr int kMaxRings = 256;
constexpr std::chrono::milliseconds kPollInterval{100};

}  // namespace

RegionKeeper::~RegionKeeper() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
    if (reactor_ != nullptr) reactor_->wake();
  }
  if (thread_ != nullptr) thread_->join();
  if (reactor_ == nullptr) return;
  if (bell_ != nullptr) reactor_->forget(kBellToken);
  for (const auto& [pid, token] : processes_) reactor_->forget(token);
}

Error RegionKeeper::open_bell() {
  if (bell_ != nullptr) return {};
  auto pair = platform_.create_channel_pair(0);
  if (!pair) return pair.error();
  bell_ = std::move(pair.value().mine);
  their_bell_ = std::move(pair.value().theirs);
  return {};
}

Result<Handle> RegionKeeper::bell() {
  const std::lock_guard guard(mutex_);
  if (const Error error = open_bell(); !error.ok()) return error;
  return platform_.duplicate(their_bell_);
}

Error RegionKeeper::start() {
  if (thread_ != nullptr) return {};
  if (const Error error = open_bell(); !error.ok()) return error;
  if (reactor_ == nullptr) {
    auto reactor = platform_.create_reactor();
    if (!reactor) return reactor.error();
    if (const Error error = reactor.value()->watch(*bell_, kBellToken); !error.ok()) return error;
    reactor_ = reactor.take();
  }
  auto thread = platform_.start_thread([this] { run(); });
  if (!thread) return thread.error();
  thread_ = thread.take();
  return {};
}

void RegionKeeper::ring(std::uint64_t region_id) noexcept {
  const std::lock_guard guard(mutex_);
  if (reactor_ == nullptr) return;
  rung_.insert(region_id);
  reactor_->wake();
}

Result<RegionKeeper::Watch> RegionKeeper::watch(std::shared_ptr<MemoryRegion> region,
                                                std::function<void(Watch)> on_free) {
  const std::lock_guard guard(mutex_);
  if (const Error error = start(); !error.ok()) return error;
  // Flag first, then check: a holder that releases in between rings.
  region->ledger().set_watched(true);
  rung_.insert(region->id());
  const Watch number = next_watch_++;
  watches_.emplace(number, Watched{std::move(region), std::move(on_free)});
  reactor_->wake();
  return number;
}

void RegionKeeper::unwatch(Watch watch) {
  // Destroyed without the lock: ours may be the last reference, and releasing it rings, which takes
  // mutex_.
  std::shared_ptr<MemoryRegion> region;
  const std::lock_guard guard(mutex_);
  const auto found = watches_.find(watch);
  if (found == watches_.end()) return;
  region = std::move(found->second.region);
  watches_.erase(found);
  stop_watching(*region);
}

// Keeps the flag while another watch waits for the same region.
void RegionKeeper::stop_watching(MemoryRegion& region) {
  const auto waits = [&region](const auto& entry) { return entry.second.region.get() == &region; };
  if (std::none_of(watches_.begin(), watches_.end(), waits)) region.ledger().set_watched(false);
}

void RegionKeeper::run() {
  std::array<Readiness, 64> ready;
  for (;;) {
    {
      const std::lock_guard guard(mutex_);
      if (stopping_) return;
    }
    const std::size_t count = reactor_->wait(poll_at_, ready);
    for (std::size_t i = 0; i < count; ++i) handle(ready[i]);
    look();
  }
}

void RegionKeeper::handle(const Readiness& readiness) {
  if (readiness.token == kBellToken) return read_bell();
  const auto ended =
      std::find_if(processes_.begin(), processes_.end(),
                   [&readiness](const auto& process) { return process.second == readiness.token; });
  if (ended == processes_.end()) return;
  reactor_->forget(ended->second);
  processes_.erase(ended);
  look_at_all_ = true;
}

void RegionKeeper::read_bell() {
  for (int i = 0; i < kMaxRings; ++i) {
    const auto datagram = bell_->receive();
    if (!datagram && datagram.status() == Status::WouldBlock) return;
    // Anything else that a holder sends is dropped, its handles closed.
    std::uint64_t id = 0;
    if (!datagram || datagram.value().bytes.size() != sizeof id) continue;
    std::memcpy(&id, datagram.value().bytes.data(), sizeof id);
    const std::lock_guard guard(mutex_);
    // Bounded by our own watches, however many ids are rung.
    if (rung_.size() <= watches_.size()) {
      rung_.insert(id);
    } else {
      look_at_all_ = true;
    }
  }
}

// Reading a ledger may take a while, so it happens without the lock, which programs wait for.
void RegionKeeper::look() {
  for (const std::shared_ptr<MemoryRegion>& region : regions_to_look_at()) {
    if (free_now(*region)) tell(*region);
  }
}

std::vector<std::shared_ptr<MemoryRegion>> RegionKeeper::regions_to_look_at() {
  bool all = std::exchange(look_at_all_, false);
  if (poll_at_ && *poll_at_ <= platform_.now()) {
    poll_at_.reset();
    all = true;
  }
  if (processes_.size() >= kMaxWatchedProcesses) {
    forget_processes();
    all = true;
  }
  std::vector<std::shared_ptr<MemoryRegion>> regions;
  const std::lock_guard guard(mutex_);
  const std::set<std::uint64_t> rung = std::exchange(rung_, {});
  for (const auto& [number, watched] : watches_) {
    if (all || rung.contains(watched.region->id())) regions.push_back(watched.region);
  }
  return regions;
}

// Calls back the watches of `region` that still exist.
void RegionKeeper::tell(MemoryRegion& region) {
  // Destroyed after the lock is released: their destructors may ring, which takes the lock.
  std::vector<std::pair<Watch, Watched>> told;
  const std::lock_guard guard(mutex_);
  // Another process may hold it again.
  if (!region.is_free()) return;
  for (auto it = watches_.begin(); it != watches_.end();) {
    if (it->second.region.get() != &region) {
      ++it;
      continue;
    }
    told.emplace_back(it->first, std::move(it->second));
    it = watches_.erase(it);
  }
  for (const auto& [number, watched] : told) {
    stop_watching(*watched.region);
    watched.on_free(number);
  }
}

bool RegionKeeper::free_now(MemoryRegion& region) {
  // Watch first, then check: the reactor reports a process that ends in between.
  for (const std::uint64_t token : region.ledger().holders()) watch_process(token);
  (void)region.purge();
  return region.is_free();
}

void RegionKeeper::watch_process(std::uint64_t token) {
  const auto pid = static_cast<std::uint32_t>(token);
  if (pid == platform_.self().pid || processes_.contains(pid)) return;
  // The reactor would report a process that has ended at once, and again at each check while its
  // references are in the ledger: references in flight to it stay until their sender takes them
  // back.
  if (platform_.process_token(pid) != token) return;
  if (processes_.size() >= kMaxWatchedProcesses) return poll_later();
  const std::uint64_t watch = next_token_++;
  if (reactor_->watch_process(pid, watch).ok()) {
    processes_.emplace(pid, watch);
  } else {
    poll_later();
  }
}

void RegionKeeper::poll_later() {
  if (!poll_at_) poll_at_ = platform_.now() + kPollInterval;
}

void RegionKeeper::forget_processes() {
  for (const auto& [pid, token] : processes_) reactor_->forget(token);
  processes_.clear();
}

}  // namespace busbar
