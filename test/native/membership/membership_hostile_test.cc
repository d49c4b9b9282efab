// A member against an impostor that holds the name: the member must not crash or reveal anything,
// and must find the bus once there is one.
#include "membership/membership_harness.h"
#include "support/check.h"
#include "support/raw_control_client.h"

namespace busbar::test {
namespace {

constexpr std::uint32_t kImpostorPid = 5000;

struct HostileFixture {
  TestBus bus;
  Platform& platform = bus.world.start_process(kImpostorPid);
  std::unique_ptr<Listener> listener = platform.open_rendezvous("test.bus").value()->claim().take();

  // The next connection, if there is one.
  std::unique_ptr<RawControlClient> accept() {
    for (;;) {
      auto channel = listener->accept();
      if (!channel) return nullptr;
      auto client = std::make_unique<RawControlClient>(platform, channel.take());
      hello = client->receive<HelloFrame>();
      if (hello) return client;
    }
  }
  std::optional<HelloFrame> hello;
};

std::vector<Handle> one(Handle handle) {
  std::vector<Handle> handles;
  handles.push_back(std::move(handle));
  return handles;
}

// A directory of generation 8 without members.
std::unique_ptr<SharedMemory> make_directory(Platform& platform) {
  auto memory = platform.create_memory(kDirectoryBytes, Access::ReadOnly).take();
  auto* header = reinterpret_cast<DirectoryHeader*>(memory->data());
  header->magic = kDirectoryMagic;
  header->version = kDirectoryVersion;
  header->capacity = kMaxMembers;
  header->entry_bytes = sizeof(DirectoryEntry);
  header->generation = 8;
  header->epoch = 1;
  return memory;
}

}  // namespace

TEST(member_proves_nothing_to_an_impostor) {
  HostileFixture f;
  TestMember& member = f.bus.join({.token = "secret"});
  const auto holder = f.accept();
  REQUIRE(holder != nullptr);
  // It knows only the empty token.
  holder->challenge(*f.hello);
  REQUIRE(f.bus.settle());
  CHECK(!holder->receive<AnnounceFrame>().has_value());
  REQUIRE(member.refused.has_value());
  CHECK_EQ(*member.refused, Status::TokenMismatch);
}

TEST(member_looks_again_when_the_handshake_breaks) {
  HostileFixture f;
  TestMember& member = f.bus.join();
  auto memory = f.platform.create_memory(kDirectoryBytes, Access::ReadOnly).take();
  for (int kind = 0; kind < 6; ++kind) {
    const auto holder = f.accept();
    REQUIRE(holder != nullptr);
    if (kind == 0) holder->send(WelcomeFrame{1, 1, kDirectoryBytes}, one(memory->share().take()));
    if (kind == 1) holder->send_bytes({std::byte{200}, std::byte{1}});
    if (kind > 1) holder->challenge(*f.hello);
    REQUIRE(f.bus.settle());
    if (kind > 1) REQUIRE(holder->receive<AnnounceFrame>().has_value());
    if (kind == 2) holder->send(LeftFrame{});
    if (kind == 3) holder->send(WelcomeFrame{1, 1, 4096}, one(memory->share().take()));
    // A directory that is not valid.
    if (kind >= 4) {
      holder->send(WelcomeFrame{1, 1, kDirectoryBytes}, one(memory->share().take()));
    }
    REQUIRE(f.bus.pass(milliseconds(20)));
    CHECK(holder->closed());
    CHECK(!member.membership.admitted());
    CHECK(!member.refused.has_value());
  }
  f.bus.world.kill(kImpostorPid);
  REQUIRE(f.bus.pass(milliseconds(50)));
  CHECK(member.membership.is_controller());
}

TEST(member_deposes_a_holder_that_never_answers) {
  HostileFixture f;
  TestMember& member = f.bus.join();
  const auto first = f.accept();
  REQUIRE(first != nullptr);
  REQUIRE(f.bus.pass(milliseconds(649)));
  CHECK(!first->closed());
  REQUIRE(f.bus.pass(milliseconds(2)));
  CHECK(first->closed());
  CHECK(member.membership.is_controller());
  // The impostor's bus may have had members, which get time to come over.
  REQUIRE(f.bus.pass(milliseconds(251)));
  CHECK(member.membership.admitted());
}

TEST(member_is_told_why_it_is_refused) {
  for (const Status why : {Status::VersionMismatch, Status::LimitExceeded}) {
    HostileFixture f;
    TestMember& member = f.bus.join();
    const auto holder = f.accept();
    REQUIRE(holder != nullptr);
    holder->send(RefuseFrame{why});
    REQUIRE(f.bus.settle());
    REQUIRE(member.refused.has_value());
    CHECK_EQ(*member.refused, why);
  }
}

TEST(member_seeks_again_when_its_controller_talks_nonsense) {
  HostileFixture f;
  TestMember& member = f.bus.join();
  const auto holder = f.accept();
  REQUIRE(holder != nullptr);
  const auto memory = make_directory(f.platform);
  holder->challenge(*f.hello);
  REQUIRE(f.bus.settle());
  REQUIRE(holder->receive<AnnounceFrame>().has_value());
  holder->send(WelcomeFrame{42, 8, kDirectoryBytes}, one(memory->share().take()));
  REQUIRE(f.bus.settle());
  REQUIRE(member.membership.admitted());
  CHECK_EQ(member.id, 42);
  // A frame that does not fit this office: the member connects again, with the id it had.
  holder->send(SucceedFrame{8, 0}, one(memory->share().take()));
  REQUIRE(f.bus.settle());
  CHECK(!member.membership.admitted());
  CHECK(holder->closed());
  const auto next = f.accept();
  REQUIRE(next != nullptr);
  next->challenge(*f.hello);
  REQUIRE(f.bus.settle());
  const auto announce = next->receive<AnnounceFrame>();
  REQUIRE(announce.has_value());
  CHECK_EQ(announce->previous_id, 42);
  CHECK_EQ(next->handles.size(), 1);
  // The name is free again: the member continues from the generation and the id that it knew.
  f.bus.world.kill(kImpostorPid);
  REQUIRE(f.bus.pass(milliseconds(50)));
  CHECK(member.membership.is_controller());
  CHECK_EQ(member.id, 42);
  CHECK_EQ(member.changes.back().generation, 9);
  CHECK_EQ(member.changes.back().controller_id, 42);
}

// A process that hands its door over may keep it, and make any call on it block: the successor
// opens a door of its own.
TEST(member_never_serves_the_door_that_it_was_handed) {
  HostileFixture f;
  TestMember& member = f.bus.join();
  const auto holder = f.accept();
  REQUIRE(holder != nullptr);
  holder->challenge(*f.hello);
  REQUIRE(f.bus.settle());
  const auto memory = make_directory(f.platform);
  holder->send(WelcomeFrame{42, 8, kDirectoryBytes}, one(memory->share().take()));
  REQUIRE(f.bus.settle());
  REQUIRE(member.membership.admitted());
  const auto rendezvous = f.platform.open_rendezvous("test.bus").take();
  auto visitor = rendezvous->connect();
  REQUIRE(visitor.ok());
  const std::uint64_t number = rendezvous->holder();
  holder->send(SucceedFrame{8, number}, one(f.listener->share().take()));
  REQUIRE(f.bus.pass(milliseconds(20)));
  CHECK(member.membership.is_controller());
  CHECK_EQ(member.id, 42);
  CHECK_EQ(member.changes.back().generation, 9);
  CHECK(rendezvous->holder() != number);
  CHECK(!f.listener->holds_name());
  // The old door is still there; its connections end with it.
  CHECK(f.listener->accept().ok());
  // Newcomers find the new door.
  TestMember& newcomer = f.bus.join();
  REQUIRE(f.bus.settle());
  CHECK(newcomer.membership.admitted());
}

}  // namespace busbar::test
