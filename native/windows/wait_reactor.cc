// An object is ready while it is signaled, until its owner resets it.
#include "windows/wait_reactor.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>
#include <utility>

#include "windows/event_doorbell.h"
#include "windows/event_name_bell.h"
#include "windows/kernel_handle.h"
#include "windows/pipe_channel.h"
#include "windows/pipe_listener.h"
#include "windows/waitable_set.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {
namespace {

// An object that is signaled once the process has ended.
Result<Handle> open_end_of(std::uint32_t pid) {
  auto process = open_process(pid, SYNCHRONIZE);
  // There is no process with that pid.
  if (process.error().os_code == ERROR_INVALID_PARAMETER) return create_event(true);
  return process;
}

std::uint32_t milliseconds_until(const std::optional<TimePoint>& deadline) noexcept {
  if (!deadline) return WaitableSet::kForEver;
  const TimePoint now = std::chrono::steady_clock::now();
  // Compared first: the difference from the beginning of time would overflow.
  if (*deadline <= now) return 0;
  const auto left = *deadline - now;
  // Rounded up; otherwise the last fraction of a millisecond would be a busy loop.
  const auto whole = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<std::uint32_t>(std::min<long long>(whole, WaitableSet::kForEver - 1));
}

class WaitReactor final : public Reactor {
 public:
  explicit WaitReactor(std::unique_ptr<WaitableSet> waitables) noexcept
      : waitables_(std::move(waitables)) {}

  [[nodiscard]] Error watch(const Channel& channel, std::uint64_t token) override {
    const auto& pipe = static_cast<const PipeChannel&>(channel);
    return watch_object(pipe.readable_event(), pipe.writable_event(), Handle(), token);
  }

  [[nodiscard]] Error watch(const Listener& listener, std::uint64_t token) override {
    const auto& door = static_cast<const PipeListener&>(listener);
    return watch_object(door.visitor_event(), nullptr, Handle(), token);
  }

  [[nodiscard]] Error watch(const NameBell& bell, std::uint64_t token) override {
    const auto& event = static_cast<const EventNameBell&>(bell);
    return watch_object(event.borrow_event(), nullptr, Handle(), token);
  }

  [[nodiscard]] Error watch_process(std::uint32_t pid, std::uint64_t token) override {
    if (pid == 0) return {Status::InvalidArgument};
    Result<Handle> process = open_end_of(pid);
    if (!process) return process.error();
    const RawHandle raw = borrow_handle(process.value());
    return watch_object(raw, nullptr, process.take(), token);
  }

  void want_writable(std::uint64_t token) noexcept override {
    const auto found = watches_.find(token);
    if (found == watches_.end() || found->second.writable == nullptr) return;
    Watch& watch = found->second;
    if (watch.writable_key != 0) return;
    const std::uint64_t key = next_key_++;
    if (!waitables_->add(watch.writable, key).ok()) return;
    watch.writable_key = key;
    tokens_.emplace(key, token);
  }

  void forget(std::uint64_t token) noexcept override {
    const auto found = watches_.find(token);
    if (found == watches_.end()) return;
    drop(found->second.key);
    if (found->second.writable_key != 0) drop(found->second.writable_key);
    watches_.erase(found);
  }

  [[nodiscard]] std::size_t wait(std::optional<TimePoint> deadline,
                                 std::span<Readiness> out_ready) override {
    if (out_ready.empty()) return 0;
    for (;;) {
      const std::uint32_t left = milliseconds_until(deadline);
      if (left != 0) waitables_->wait(left);
      const bool woken = waitables_->take_wake();
      const std::size_t count = collect(out_ready);
      if (count > 0 || woken || left == 0) return count;
    }
  }

  void wake() noexcept override { waitables_->wake(); }

 private:
  struct Watch {
    std::uint64_t key = 0;
    RawHandle writable = nullptr;
    // 0: no caller wants `writable`.
    std::uint64_t writable_key = 0;
    // Set if the reactor opened the object itself (a process).
    Handle owned;
  };

  Error watch_object(RawHandle object, RawHandle writable, Handle owned, std::uint64_t token) {
    if (token == 0 || watches_.contains(token)) return {Status::InvalidArgument};
    const std::uint64_t key = next_key_++;
    const Error error = waitables_->add(object, key);
    if (!error.ok()) return error;
    tokens_.emplace(key, token);
    watches_.emplace(token, Watch{key, writable, 0, std::move(owned)});
    return {};
  }

  void drop(std::uint64_t key) noexcept {
    waitables_->remove(key);
    tokens_.erase(key);
  }

  // Starts after the last key reported, so that a short span reports all keys round-robin.
  std::size_t collect(std::span<Readiness> out_ready) {
    std::vector<std::uint64_t> signaled;
    waitables_->look([&](std::uint64_t key) {
      signaled.push_back(key);
      return true;
    });
    std::rotate(signaled.begin(), std::upper_bound(signaled.begin(), signaled.end(), last_told_),
                signaled.end());
    std::size_t count = 0;
    for (const std::uint64_t key : signaled) {
      const auto known = tokens_.find(key);
      if (known == tokens_.end()) continue;
      Readiness* entry = entry_for(known->second, out_ready, count);
      if (entry == nullptr) break;
      last_told_ = key;
      Watch& watch = watches_.at(entry->token);
      if (key == watch.key) {
        entry->readable = true;
      } else {
        entry->writable = true;
        drop(std::exchange(watch.writable_key, 0));
      }
    }
    return count;
  }

  static Readiness* entry_for(std::uint64_t token, std::span<Readiness> out_ready,
                              std::size_t& count) {
    const auto end = out_ready.begin() + static_cast<std::ptrdiff_t>(count);
    const auto found = std::find_if(out_ready.begin(), end,
                                    [token](const Readiness& each) { return each.token == token; });
    if (found != end) return &*found;
    if (count == out_ready.size()) return nullptr;
    out_ready[count] = Readiness{token, false, false};
    return &out_ready[count++];
  }

  std::unordered_map<std::uint64_t, Watch> watches_;
  // The token that each key of `waitables_` belongs to.
  std::unordered_map<std::uint64_t, std::uint64_t> tokens_;
  std::uint64_t next_key_ = 1;
  std::uint64_t last_told_ = 0;
  std::unique_ptr<WaitableSet> waitables_;  // destroyed first: it waits for what the watches own
};

}  // namespace

Result<std::unique_ptr<Reactor>> create_wait_reactor() {
  auto waitables = WaitableSet::create();
  if (!waitables) return waitables.error();
  return std::unique_ptr<Reactor>(std::make_unique<WaitReactor>(waitables.take()));
}

}  // namespace busbar::windows_platform
