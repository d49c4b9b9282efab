// The loopback kernel as a subject of the contract: a child's body runs at once, in this thread.
#include <list>
#include <utility>

#include "loopback/loopback_world.h"
#include "platform/platform_contract.h"

namespace contract {
namespace {

using namespace busbar;

class LoopbackSubject final : public Subject {
 public:
  Platform& here() override { return here_; }

  Child spawn(const std::string& role, const std::string& argument) override {
    const Role body = find_role(role);
    if (!CHECK(body != nullptr)) return {};
    const std::uint32_t pid = next_pid_++;
    Platform& platform = world_.start_process(pid);
    Result<ChannelPair> pair = here_.create_channel_pair(here_.self().pid);
    if (!CHECK(pair.ok())) return {};
    Result<std::unique_ptr<Channel>> parent =
        platform.adopt_channel(std::move(pair.value().theirs));
    if (!CHECK(parent.ok())) return {};
    kept_.push_back(body(platform, *parent.value(), argument));
    kept_.back().push_back(parent.take());
    return {pid, std::move(pair.value().mine)};
  }

  void kill(const Child& child) override { world_.kill(child.pid); }
  void reap(const Child&) override {}

  int race(const std::string& identifier, int racers) override {
    int holders = 0;
    for (int i = 0; i < racers; ++i) {
      racers_.push_back(next_pid_++);
      auto rendezvous = open(world_.start_process(racers_.back()), identifier);
      if (auto channel = rendezvous->connect()) {
        kept_.push_back({std::shared_ptr<void>(channel.take())});
      } else if (auto listener = rendezvous->claim()) {
        kept_.push_back({std::shared_ptr<void>(listener.take())});
        ++holders;
      }
    }
    return holders;
  }

  void kill_racers() override {
    for (const std::uint32_t pid : std::exchange(racers_, {})) world_.kill(pid);
  }

  std::size_t count_open() override { return world_.count_handles(here_.self().pid); }

 private:
  LoopbackWorld world_;
  Platform& here_ = world_.start_process(100);
  std::uint32_t next_pid_ = 101;
  std::vector<std::uint32_t> racers_;
  std::list<Kept> kept_;
};

}  // namespace

std::unique_ptr<Subject> make_loopback_subject() { return std::make_unique<LoopbackSubject>(); }

}  // namespace contract
