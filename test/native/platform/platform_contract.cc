// Helpers of the contract tests.
#include "platform/platform_contract.h"

#include <array>
#include <map>
#include <utility>

namespace contract {

using namespace busbar;

namespace {

// A function-local static: roles register before main, in no particular order of files.
std::map<std::string, Role>& all_roles() {
  static std::map<std::string, Role> roles;
  return roles;
}

template <typename Watched>
void await_readable(Platform& platform, const Watched& watched) {
  auto reactor = platform.create_reactor();
  if (!CHECK(reactor.ok()) || !CHECK(reactor.value()->watch(watched, 1).ok())) return;
  std::array<Readiness, 1> ready;
  CHECK_EQ(reactor.value()->wait(std::nullopt, ready), 1);
}

}  // namespace

bool register_role(const std::string& name, Role role) {
  return all_roles().emplace(name, role).second;
}

Role find_role(const std::string& name) {
  const auto found = all_roles().find(name);
  return found == all_roles().end() ? nullptr : found->second;
}

Result<Datagram> receive_next(Platform& platform, Channel& channel) {
  await_readable(platform, channel);
  return channel.receive();
}

std::string receive_text(Platform& platform, Channel& channel) {
  const Result<Datagram> datagram = receive_next(platform, channel);
  if (!datagram) return status_name(datagram.status());
  const auto& bytes = datagram.value().bytes;
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<std::unique_ptr<Channel>> accept_next(Platform& platform, Listener& listener) {
  await_readable(platform, listener);
  return listener.accept();
}

Ends make_ends(Platform& platform) {
  Result<ChannelPair> pair = platform.create_channel_pair(platform.self().pid);
  if (!CHECK(pair.ok())) return {};
  Result<std::unique_ptr<Channel>> far = platform.adopt_channel(std::move(pair.value().theirs));
  if (!CHECK(far.ok())) return {};
  return {std::move(pair.value().mine), far.take()};
}

std::string unique_identifier(Platform& platform) {
  static int count = 0;
  return "contract." + std::to_string(platform.self().pid) + "." + std::to_string(++count);
}

std::unique_ptr<Rendezvous> open(Platform& platform, std::string_view identifier) {
  Result<std::unique_ptr<Rendezvous>> rendezvous = platform.open_rendezvous(identifier);
  return CHECK(rendezvous.ok()) ? rendezvous.take() : nullptr;
}

}  // namespace contract
