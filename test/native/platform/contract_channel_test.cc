// Contract: datagrams arrive whole, in order and with their handles; the end is reported last.
#include <array>
#include <atomic>

#include "platform/platform_contract.h"

namespace {

using namespace busbar;
using namespace contract;

}  // namespace

CONTRACT(channel_keeps_order_and_boundaries) {
  Platform& here = subject.here();
  Ends ends = make_ends(here);
  CHECK_EQ(ends.far->receive().status(), Status::WouldBlock);
  for (const char* text : {"one", "two", "three"}) CHECK(send_text(*ends.near, text).ok());
  CHECK(send_text(*ends.far, "back").ok());
  for (const char* text : {"one", "two", "three"}) CHECK_EQ(receive_text(here, *ends.far), text);
  CHECK_EQ(receive_text(here, *ends.near), "back");
  CHECK_EQ(ends.far->receive().status(), Status::WouldBlock);
}

CONTRACT(channel_knows_who_made_it) {
  Platform& here = subject.here();
  Ends ends = make_ends(here);
  CHECK_EQ(ends.near->peer().pid, here.self().pid);
  CHECK_EQ(ends.far->peer().user, here.self().user);
}

CONTRACT(channel_limits_the_size_of_a_datagram) {
  Ends ends = make_ends(subject.here());
  std::vector<std::byte> largest(kMaxDatagramBytes);
  for (std::size_t i = 0; i < largest.size(); ++i) largest[i] = static_cast<std::byte>(i * 7);
  CHECK(ends.near->send(largest, {}).ok());
  auto received = receive_next(subject.here(), *ends.far);
  REQUIRE(received.ok());
  CHECK(received.value().bytes == largest);

  largest.emplace_back();
  CHECK_EQ(ends.near->send(largest, {}).status, Status::TooLarge);
  CHECK_EQ(ends.near->send({}, {}).status, Status::InvalidArgument);
  CHECK_EQ(ends.far->receive().status(), Status::WouldBlock);
  CHECK(send_text(*ends.near, "still usable").ok());
  CHECK_EQ(receive_text(subject.here(), *ends.far), "still usable");
}

CONTRACT(channel_carries_253_handles) {
  Platform& here = subject.here();
  Ends ends = make_ends(here);
  auto bell = here.create_doorbell();
  REQUIRE(bell.ok());
  const Handle handle = bell.value()->share().take();
  std::vector<const Handle*> handles(kMaxDatagramHandles, &handle);
  // Let both ends find each other first, on platforms where they must.
  CHECK(send_text(*ends.near, "first").ok() && receive_next(here, *ends.far).ok());
  const std::size_t before = subject.count_open();
  CHECK(send_text(*ends.near, "all of them", handles).ok());
  {
    auto received = receive_next(here, *ends.far);
    REQUIRE(received.ok());
    CHECK_EQ(received.value().handles.size(), kMaxDatagramHandles);
    CHECK_EQ(subject.count_open(), before + kMaxDatagramHandles);
  }
  CHECK_EQ(subject.count_open(), before);
  handles.push_back(&handle);
  CHECK_EQ(send_text(*ends.near, "one too many", handles).status, Status::TooLarge);
}

CONTRACT(channel_refuses_handles_that_hold_nothing) {
  Ends ends = make_ends(subject.here());
  const Handle nothing;
  CHECK_EQ(send_text(*ends.near, "x", {&nothing}).status, Status::InvalidArgument);
  CHECK_EQ(send_text(*ends.near, "x", {nullptr}).status, Status::InvalidArgument);
}

CONTRACT(channel_carries_every_kind_of_handle) {
  Platform& here = subject.here();
  auto memory = here.create_memory(4096, Access::ReadWrite);
  auto bell = here.create_doorbell();
  auto pair = here.create_channel_pair(here.self().pid);
  REQUIRE(memory.ok() && bell.ok() && pair.ok());
  memory.value()->data()[5] = std::byte{7};
  bell.value()->ring();
  // Kept until the other end is adopted, or refused.
  const Error early = send_text(*pair.value().mine, "through the channel");
  CHECK(early.ok() || early.status == Status::WouldBlock);
  const Handle memory_handle = memory.value()->share().take();
  const Handle bell_handle = bell.value()->share().take();
  Ends ends = make_ends(here);
  CHECK(send_text(*ends.near, "three", {&memory_handle, &bell_handle, &pair.value().theirs}).ok());

  auto datagram = receive_next(here, *ends.far);
  REQUIRE(datagram.ok());
  auto& handles = datagram.value().handles;
  REQUIRE_EQ(handles.size(), 3);
  auto mapped = here.adopt_memory(std::move(handles[0]), 4096, Access::ReadWrite);
  REQUIRE(mapped.ok());
  CHECK(mapped.value()->data()[5] == std::byte{7});
  auto set = here.create_doorbell_set();
  REQUIRE(set.ok());
  CHECK(set.value()->add(std::move(handles[1]), 9).ok());
  std::array<std::uint64_t, 4> tokens;
  CHECK_EQ(set.value()->collect(tokens), 1);
  auto channel = here.adopt_channel(std::move(handles[2]));
  REQUIRE(channel.ok());
  if (!early.ok()) CHECK(send_text(*pair.value().mine, "through the channel").ok());
  CHECK_EQ(receive_text(here, *channel.value()), "through the channel");
}

CONTRACT(channel_gives_what_was_sent_before_the_end) {
  Platform& here = subject.here();
  Ends ends = make_ends(here);
  CHECK(send_text(*ends.far, "last words").ok());
  // Left unread: some kernels report this to the other end before anything else.
  CHECK(send_text(*ends.near, "never read").ok());
  ends.far.reset();
  CHECK_EQ(receive_text(here, *ends.near), "last words");
  CHECK_EQ(receive_next(here, *ends.near).status(), Status::PeerGone);
  CHECK_EQ(receive_next(here, *ends.near).status(), Status::PeerGone);
  CHECK_EQ(send_text(*ends.near, "too late").status, Status::PeerGone);
}

ROLE(says_alive) {
  CHECK(send_text(parent, "alive").ok());
  return {};
}

CONTRACT(channel_ends_with_the_death_of_its_peer) {
  Platform& here = subject.here();
  Child child = subject.spawn("says_alive", {});
  CHECK(send_text(*child.channel, "never read").ok());
  CHECK_EQ(receive_text(here, *child.channel), "alive");
  subject.kill(child);
  CHECK_EQ(receive_next(here, *child.channel).status(), Status::PeerGone);
  CHECK_EQ(send_text(*child.channel, "too late").status, Status::PeerGone);
}

// Shared with the role below.
struct Progress {
  std::atomic<std::uint32_t> sent;
  std::atomic<bool> done;
};

// Sends until the channel is full, or enough were sent.
ROLE(counts_what_it_sends) {
  auto memory = there.create_memory(4096, Access::ReadWrite);
  if (!CHECK(memory.ok())) return {};
  const Handle handle = memory.value()->share().take();
  CHECK(send_text(parent, "count", {&handle}).ok());
  auto& progress = *reinterpret_cast<Progress*>(memory.value()->data());
  for (std::uint32_t i = 0; i < 200 && send_text(parent, std::to_string(i)).ok(); ++i)
    progress.sent = i + 1;
  progress.done = true;
  return {std::shared_ptr<void>(memory.take())};
}

CONTRACT(channel_has_what_was_sent_when_asked_for_it) {
  Platform& here = subject.here();
  Child child = subject.spawn("counts_what_it_sends", {});
  auto datagram = receive_next(here, *child.channel);
  REQUIRE(datagram.ok());
  auto memory =
      here.adopt_memory(std::move(datagram.value().handles.at(0)), 4096, Access::ReadWrite);
  REQUIRE(memory.ok());
  // A pending read makes this hard.
  auto reactor = here.create_reactor();
  REQUIRE(reactor.ok());
  REQUIRE(reactor.value()->watch(*child.channel, 1).ok());
  const auto& progress = *reinterpret_cast<const Progress*>(memory.value()->data());
  std::uint32_t received = 0;
  while (!progress.done || received < progress.sent) {
    if (received == progress.sent) continue;
    auto next = child.channel->receive_sent();
    REQUIRE(next.ok());
    CHECK(next.value().bytes == bytes_of(std::to_string(received++)));
  }
  CHECK(received >= 8);
  reactor.value()->forget(1);
}

CONTRACT(channel_tells_when_it_is_full_and_when_no_more) {
  Platform& here = subject.here();
  Ends ends = make_ends(here);
  auto reactor = here.create_reactor();
  REQUIRE(reactor.ok());
  REQUIRE(reactor.value()->watch(*ends.near, 1).ok());
  int sent = 0;
  Error error;
  while ((error = send_text(*ends.near, std::to_string(sent))).ok()) ++sent;
  CHECK_EQ(error.status, Status::WouldBlock);
  CHECK(sent >= 8);

  reactor.value()->want_writable(1);
  std::array<Readiness, 4> ready;
  CHECK_EQ(reactor.value()->wait(here.now(), ready), 0);
  for (int i = 0; i < sent; ++i) CHECK_EQ(receive_text(here, *ends.far), std::to_string(i));
  REQUIRE_EQ(reactor.value()->wait(std::nullopt, ready), 1);
  CHECK(ready[0].writable && !ready[0].readable);
  CHECK_EQ(reactor.value()->wait(here.now(), ready), 0);
  CHECK(send_text(*ends.near, "again").ok());
}

CONTRACT(channel_frees_handles_that_nobody_receives) {
  Platform& here = subject.here();
  auto pair = here.create_channel_pair(here.self().pid);
  REQUIRE(pair.ok());
  Ends ends = make_ends(here);
  CHECK(send_text(*ends.near, "take this", {&pair.value().theirs}).ok());
  pair.value().theirs.close();
  CHECK_EQ(pair.value().mine->receive().status(), Status::WouldBlock);
  ends.far.reset();
  CHECK_EQ(receive_next(here, *pair.value().mine).status(), Status::PeerGone);
}

CONTRACT(channel_is_adopted_only_from_a_channel) {
  Platform& here = subject.here();
  auto memory = here.create_memory(4096, Access::ReadWrite);
  REQUIRE(memory.ok());
  CHECK_EQ(here.adopt_channel(memory.value()->share().take()).status(), Status::ProtocolViolation);
  auto listener = open(here, unique_identifier(here))->claim();
  REQUIRE(listener.ok());
  CHECK_EQ(here.adopt_channel(listener.value()->share().take()).status(),
           Status::ProtocolViolation);
  CHECK_EQ(here.adopt_channel(Handle()).status(), Status::InvalidArgument);
}
