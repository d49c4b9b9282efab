// A reactor that reports every call that is not made in its control thread's turn.
#include "core/endpoint/reactor_turns.h"

#include <utility>

namespace busbar {
namespace {

class CheckedReactor final : public Reactor {
 public:
  CheckedReactor(std::unique_ptr<Reactor> reactor, const ReactorTurns& turns,
                 std::function<void()> on_wrong)
      : reactor_(std::move(reactor)), turns_(turns), on_wrong_(std::move(on_wrong)) {}

  [[nodiscard]] Error watch(const Channel& channel, std::uint64_t token) override {
    look();
    return reactor_->watch(channel, token);
  }
  [[nodiscard]] Error watch(const Listener& listener, std::uint64_t token) override {
    look();
    return reactor_->watch(listener, token);
  }
  [[nodiscard]] Error watch(const NameBell& bell, std::uint64_t token) override {
    look();
    return reactor_->watch(bell, token);
  }
  [[nodiscard]] Error watch_process(std::uint32_t pid, std::uint64_t token) override {
    look();
    return reactor_->watch_process(pid, token);
  }
  void want_writable(std::uint64_t token) noexcept override {
    look();
    reactor_->want_writable(token);
  }
  void pause(std::uint64_t token) noexcept override {
    look();
    reactor_->pause(token);
  }
  void resume(std::uint64_t token) noexcept override {
    look();
    reactor_->resume(token);
  }
  void forget(std::uint64_t token) noexcept override {
    look();
    reactor_->forget(token);
  }
  // Between two turns, without the lock.
  [[nodiscard]] std::size_t wait(std::optional<TimePoint> deadline,
                                 std::span<Readiness> out_ready) override {
    return reactor_->wait(deadline, out_ready);
  }
  void wake() noexcept override { reactor_->wake(); }

 private:
  void look() const {
    if (!turns_.in_turn()) on_wrong_();
  }

  std::unique_ptr<Reactor> reactor_;
  const ReactorTurns& turns_;
  std::function<void()> on_wrong_;
};

}  // namespace

std::unique_ptr<Reactor> check_turns(std::unique_ptr<Reactor> reactor, const ReactorTurns& turns,
                                     std::function<void()> on_wrong) {
  return std::make_unique<CheckedReactor>(std::move(reactor), turns, std::move(on_wrong));
}

}  // namespace busbar
