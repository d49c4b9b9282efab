// Names of the loopback kernel.
#include <algorithm>
#include <string>
#include <utility>

#include "loopback/loopback_channel.h"
#include "loopback/loopback_world.h"

namespace busbar::loopback {
namespace {

// The number of Linux.
constexpr std::size_t kBacklog = 4096;

class LoopbackRendezvous final : public Rendezvous {
 public:
  LoopbackRendezvous(const Process& process, std::string_view identifier)
      : process_(process), identifier_(identifier) {}

  [[nodiscard]] Result<std::unique_ptr<Channel>> connect() override {
    if (!process_.alive) return Status::Closed;
    const LoopbackWorld::Names& names = process_.world.names();
    const auto found = names.find({process_.identity.user, identifier_});
    if (found == names.end()) return Status::NoController;
    const std::shared_ptr<ListenerObject> listener = found->second.lock();
    if (!listener) return Status::PeerGone;
    if (listener->waiting.size() >= kBacklog) return Status::WouldBlock;
    const auto mine = std::make_shared<ChannelEnd>(listener->holder);
    const auto theirs = std::make_shared<ChannelEnd>(process_.identity);
    mine->peer = theirs;
    theirs->peer = mine;
    listener->waiting.push_back(theirs);
    return std::unique_ptr<Channel>(
        std::make_unique<LoopbackChannel>(process_, open_object(process_, mine), listener->holder));
  }

  [[nodiscard]] Result<std::unique_ptr<Listener>> claim() override {
    if (!process_.alive) return Status::Closed;
    // As on Linux, the holder sees this as a connection that closes at once.
    const Status answer = connect().status();
    if (answer == Status::Ok || answer == Status::WouldBlock) return Status::WouldBlock;
    return take_name();
  }

  [[nodiscard]] Result<std::unique_ptr<Listener>> depose(std::uint64_t deposed) override {
    if (!process_.alive) return Status::Closed;
    const std::shared_ptr<ListenerObject> former = find_holder();
    if (!former || former->holder_number != deposed) return Status::WouldBlock;
    auto listener = take_name();
    former->bell->rung = true;
    return listener;
  }

  [[nodiscard]] std::uint64_t holder() const noexcept override {
    const std::shared_ptr<ListenerObject> listener = find_holder();
    return listener ? listener->holder_number : 0;
  }

  [[nodiscard]] Result<std::unique_ptr<NameBell>> open_bell() override {
    if (!process_.alive) return Status::Closed;
    const std::shared_ptr<ListenerObject> listener = find_holder();
    if (!listener) return Status::NoController;
    return std::unique_ptr<NameBell>(
        std::make_unique<LoopbackNameBell>(open_object(process_, listener->bell)));
  }

  [[nodiscard]] bool has_listeners() noexcept override {
    const LoopbackWorld::Bells& bells = process_.world.bells();
    const auto found = bells.find({process_.identity.user, identifier_});
    return found != bells.end() && !found->second.expired();
  }

 private:
  [[nodiscard]] std::shared_ptr<ListenerObject> find_holder() const noexcept {
    const LoopbackWorld::Names& names = process_.world.names();
    const auto found = names.find({process_.identity.user, identifier_});
    return found == names.end() ? nullptr : found->second.lock();
  }

  [[nodiscard]] Result<std::unique_ptr<Listener>> take_name() {
    const auto listener =
        std::make_shared<ListenerObject>(process_.identity, process_.world.next_holder_number());
    process_.world.names()[{process_.identity.user, identifier_}] = listener;
    process_.world.bells()[{process_.identity.user, identifier_}] = listener->bell;
    return open(listener);
  }

  [[nodiscard]] Result<std::unique_ptr<Listener>> open(
      const std::shared_ptr<ListenerObject>& listener) const {
    return std::unique_ptr<Listener>(
        std::make_unique<LoopbackListener>(process_, open_object(process_, listener), identifier_));
  }

  const Process& process_;
  std::string identifier_;
};

}  // namespace

LoopbackListener::LoopbackListener(const Process& process, Handle listener,
                                   std::string_view identifier)
    : process_(process), listener_(std::move(listener)), identifier_(identifier) {}

Result<std::unique_ptr<Channel>> LoopbackListener::accept() {
  const std::shared_ptr<ListenerObject> listener = find<ListenerObject>(listener_);
  if (!listener) return Status::Closed;
  if (listener->waiting.empty()) return Status::WouldBlock;
  const std::shared_ptr<ChannelEnd> end = std::move(listener->waiting.front());
  listener->waiting.pop_front();
  return std::unique_ptr<Channel>(
      std::make_unique<LoopbackChannel>(process_, open_object(process_, end), end->peer_identity));
}

Result<Handle> LoopbackListener::share() const {
  std::shared_ptr<Object> listener = find_object(listener_);
  if (!listener) return Status::Closed;
  return open_object(process_, std::move(listener));
}

bool LoopbackListener::holds_name() const noexcept {
  const std::shared_ptr<ListenerObject> listener = find<ListenerObject>(listener_);
  const LoopbackWorld::Names& names = process_.world.names();
  const auto found = names.find({process_.identity.user, identifier_});
  return listener && found != names.end() && found->second.lock() == listener;
}

std::uint64_t LoopbackListener::begin_generation(std::uint64_t at_least) noexcept {
  std::uint64_t& last = process_.world.generations()[{process_.identity.user, identifier_}];
  last = std::max(at_least, last + 1);
  return last;
}

void LoopbackListener::release_name(bool bus_ended) noexcept {
  if (!holds_name()) return;
  process_.world.names().erase({process_.identity.user, identifier_});
  process_.world.bells().erase({process_.identity.user, identifier_});
  if (bus_ended) process_.world.generations().erase({process_.identity.user, identifier_});
}

void LoopbackNameBell::ring() noexcept {
  if (const auto bell = find<NameBellObject>(bell_)) bell->rung = true;
}

bool LoopbackNameBell::is_rung() const noexcept {
  const auto bell = find<NameBellObject>(bell_);
  return bell && bell->rung;
}

bool LoopbackNameBell::is_same(const NameBell& other) const noexcept {
  return find_object(bell_) == find_object(static_cast<const LoopbackNameBell&>(other).bell_);
}

void LoopbackNameBell::quiet() noexcept {
  if (const auto bell = find<NameBellObject>(bell_)) bell->rung = false;
}

std::unique_ptr<Rendezvous> open_loopback_rendezvous(const Process& process,
                                                     std::string_view identifier) {
  return std::make_unique<LoopbackRendezvous>(process, identifier);
}

}  // namespace busbar::loopback
