// Checks each watched object, round-robin.
#include "loopback/loopback_reactor.h"

#include <map>
#include <utility>
#include <variant>

#include "loopback/loopback_channel.h"
#include "loopback/loopback_world.h"

namespace busbar::loopback {
namespace {

struct WatchedProcess {
  std::uint32_t pid;
};
using Watched = std::variant<const Handle*, WatchedProcess>;

class LoopbackReactor final : public Reactor {
 public:
  explicit LoopbackReactor(const Process& process) noexcept : process_(process) {}

  [[nodiscard]] Error watch(const Channel& channel, std::uint64_t token) override {
    return add(&static_cast<const LoopbackChannel&>(channel).end(), token);
  }
  [[nodiscard]] Error watch(const Listener& listener, std::uint64_t token) override {
    return add(&static_cast<const LoopbackListener&>(listener).listener(), token);
  }
  [[nodiscard]] Error watch(const NameBell& bell, std::uint64_t token) override {
    return add(&static_cast<const LoopbackNameBell&>(bell).bell(), token);
  }
  [[nodiscard]] Error watch_process(std::uint32_t pid, std::uint64_t token) override {
    if (pid == 0) return {Status::InvalidArgument};
    return add(WatchedProcess{pid}, token);
  }

  void want_writable(std::uint64_t token) noexcept override {
    if (const auto found = watches_.find(token); found != watches_.end()) {
      found->second.wants_writable = true;
    }
  }
  void pause(std::uint64_t token) noexcept override { set_paused(token, true); }
  void resume(std::uint64_t token) noexcept override { set_paused(token, false); }
  void forget(std::uint64_t token) noexcept override { watches_.erase(token); }

  [[nodiscard]] std::size_t wait(std::optional<TimePoint>,
                                 std::span<Readiness> out_ready) override {
    std::size_t count = 0;
    auto entry = watches_.upper_bound(last_told_);
    for (std::size_t step = 0; step < watches_.size() && count < out_ready.size();
         ++step, ++entry) {
      if (entry == watches_.end()) entry = watches_.begin();
      const Readiness ready = ask(entry->first, entry->second);
      if (!ready.readable && !ready.writable) continue;
      if (ready.writable) entry->second.wants_writable = false;
      last_told_ = entry->first;
      out_ready[count++] = ready;
    }
    return count;
  }

  void wake() noexcept override {}

 private:
  struct Watch {
    Watched watched;
    bool wants_writable = false;
    bool paused = false;
  };

  void set_paused(std::uint64_t token, bool paused) noexcept {
    const auto found = watches_.find(token);
    if (found != watches_.end()) found->second.paused = paused;
  }

  Error add(Watched watched, std::uint64_t token) {
    if (!process_.alive) return {Status::Closed};
    if (token == 0 || !watches_.emplace(token, Watch{watched}).second) {
      return {Status::InvalidArgument};
    }
    return {};
  }

  [[nodiscard]] Readiness ask(std::uint64_t token, const Watch& watch) const {
    Readiness ready{.token = token};
    if (!process_.alive) return ready;
    if (const auto* process = std::get_if<WatchedProcess>(&watch.watched)) {
      ready.readable = !process_.world.is_alive(process->pid);
      return ready;
    }
    const Handle& handle = **std::get_if<const Handle*>(&watch.watched);
    if (const std::shared_ptr<ChannelEnd> end = find<ChannelEnd>(handle)) {
      ready.readable = watch.paused ? end->is_ended() : end->is_readable();
      ready.writable = watch.wants_writable && end->is_writable();
    } else if (const std::shared_ptr<ListenerObject> listener = find<ListenerObject>(handle)) {
      ready.readable = !listener->waiting.empty();
    } else if (const std::shared_ptr<NameBellObject> bell = find<NameBellObject>(handle)) {
      ready.readable = bell->rung;
    }
    return ready;
  }

  const Process& process_;
  std::map<std::uint64_t, Watch> watches_;
  std::uint64_t last_told_ = 0;
};

}  // namespace

std::unique_ptr<Reactor> create_loopback_reactor(const Process& process) {
  return std::make_unique<LoopbackReactor>(process);
}

}  // namespace busbar::loopback
