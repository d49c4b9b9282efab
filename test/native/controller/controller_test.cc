// The controller against clients that break the rules: each loses its own connection and nothing
// else changes for other members.
#include "core/controller/controller.h"

#include "membership/membership_harness.h"
#include "support/check.h"
#include "support/raw_control_client.h"

namespace busbar::test {
namespace {

constexpr std::uint32_t kRawPid = 5000;

struct ControllerFixture {
  TestBus bus;
  TestMember& controller = bus.join();
  TestMember& bystander = bus.join();
  Platform& platform = bus.world.start_process(kRawPid);

  // A connection that got a welcome; its id in `out_id`.
  std::unique_ptr<RawControlClient> join(std::uint64_t instance, std::uint64_t& out_id) {
    auto client = std::make_unique<RawControlClient>(platform);
    client->hello();
    (void)bus.settle();
    if (!CHECK(client->challenged())) return client;
    client->send(client->announcement(instance));
    (void)bus.settle();
    const auto welcome = client->receive<WelcomeFrame>();
    if (CHECK(welcome.has_value())) out_id = welcome->id;
    return client;
  }

  bool unharmed() {
    (void)bus.settle();
    TestMember& visitor = bus.join();
    const bool fine = visitor.membership.admitted() && bystander.sees(visitor.id) &&
                      bystander.changes.size() == 1 && controller.membership.is_controller();
    visitor.membership.leave();
    return bus.settle() && fine;
  }
};

std::vector<Handle> some_handles(Platform& platform, std::size_t count) {
  std::vector<Handle> handles;
  for (std::size_t i = 0; i < count; ++i) {
    handles.push_back(platform.create_doorbell().value()->share().take());
  }
  return handles;
}

using Sample = std::pair<ControlFrame, std::size_t>;

// One frame of each kind that the controller takes from no member, and the number of its handles.
std::vector<Sample> refused_of_members() {
  return {{HelloFrame{}, 0},      {ChallengeFrame{}, 0},
          {AnnounceFrame{}, 0},   {WelcomeFrame{1, 2, 3}, 1},
          {LeftFrame{}, 0},       {RefuseFrame{Status::Closed}, 0},
          {IntroducedFrame{}, 4}, {ChangedFrame{}, 0},
          {SucceedFrame{}, 1},    {IntroduceFailedFrame{1, 1, Status::PeerGone}, 0},
          {KeptFrame{1}, 0},      {PongFrame{}, 0},
          {RelabelledFrame{1}, 0}};
}

// One of each kind that it takes from members alone; `to`: the receiver of an introduction.
std::vector<Sample> taken_of_members(std::uint64_t to) {
  return {{IntroduceFrame{to, 1, 1}, 4},
          {AwaitChangeFrame{}, 0},
          {LeaveFrame{}, 0},
          {ParkFrame{1}, 1},
          {MissedFrame{}, 0},
          {PingFrame{}, 0},
          {RelabelFrame{1, label_of("another")}, 0},
          {ArrivedFrame{}, 0}};
}

}  // namespace

TEST(controller_closes_on_noise) {
  ControllerFixture f;
  std::uint64_t random = 4;
  for (int round = 0; round < 300; ++round) {
    RawControlClient client(f.platform);
    if (round % 2 == 0) {
      client.hello();
      REQUIRE(f.bus.settle());
      REQUIRE(client.challenged());
    }
    std::vector<std::byte> noise(1 + static_cast<std::size_t>(round) * 27);
    for (std::byte& byte : noise) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      byte = static_cast<std::byte>(random >> 56U);
    }
    client.send_bytes(noise, some_handles(f.platform, static_cast<std::size_t>(round) % 7));
    REQUIRE(f.bus.settle());
    CHECK(client.closed());
  }
  CHECK(f.unharmed());
}

TEST(controller_takes_frames_only_in_their_order) {
  for (const bool greeted : {false, true}) {
    ControllerFixture f;
    std::vector<Sample> frames = refused_of_members();
    const std::vector<Sample> more = taken_of_members(f.bystander.id);
    frames.insert(frames.end(), more.begin(), more.end());
    // None is forgotten here when a frame is added.
    CHECK_EQ(frames.size(), std::variant_size_v<ControlFrame>);
    for (const auto& [frame, handles] : frames) {
      if (!greeted && std::holds_alternative<HelloFrame>(frame)) continue;
      if (greeted && std::holds_alternative<AnnounceFrame>(frame)) continue;
      RawControlClient client(f.platform);
      if (greeted) client.hello();
      REQUIRE(f.bus.settle());
      if (greeted) REQUIRE(client.challenged());
      client.send(frame, some_handles(f.platform, handles));
      REQUIRE(f.bus.settle());
      CHECK(client.closed());
    }
    CHECK(f.bystander.introductions.empty());
    CHECK(f.controller.parked.empty());
    CHECK(f.unharmed());
  }
}

TEST(controller_drops_members_that_break_the_protocol) {
  ControllerFixture f;
  std::uint64_t instance = 1;
  for (const auto& [frame, handles] : refused_of_members()) {
    std::uint64_t id = 0;
    const auto client = f.join(++instance, id);
    REQUIRE(f.bystander.sees(id));
    client->send(frame, some_handles(f.platform, handles));
    REQUIRE(f.bus.settle());
    CHECK(client->closed());
    CHECK(!f.bystander.sees(id));
  }
  CHECK(f.unharmed());
}

TEST(controller_wants_a_proof_of_its_own_kind) {
  ControllerFixture f;
  const BusSecret secret{"test.bus", ""};
  for (const int kind : {0, 1, 2}) {
    RawControlClient client(f.platform);
    client.hello();
    REQUIRE(f.bus.settle());
    REQUIRE(client.challenged());
    AnnounceFrame announce = client.announcement(1);
    // No proof; the controller's own proof replayed; a proof for another bus.
    if (kind == 0) announce.proof = {};
    if (kind == 1) announce.proof = controller_proof(secret, client.nonces);
    if (kind == 2) announce.proof = member_proof({"other.bus", ""}, client.nonces);
    client.send(announce);
    REQUIRE(f.bus.settle());
    const auto refusal = client.receive<RefuseFrame>();
    REQUIRE(refusal.has_value());
    CHECK_EQ(refusal->status, Status::TokenMismatch);
    CHECK(client.closed());
  }
  CHECK(f.unharmed());
}

TEST(controller_speaks_one_version) {
  ControllerFixture f;
  for (const auto& [lowest, highest] :
       {std::pair<int, int>{0, kControlVersion - 1}, {kControlVersion + 1, 9}}) {
    RawControlClient client(f.platform);
    client.send(
        HelloFrame{static_cast<std::uint16_t>(lowest), static_cast<std::uint16_t>(highest), {}});
    REQUIRE(f.bus.settle());
    const auto refusal = client.receive<RefuseFrame>();
    REQUIRE(refusal.has_value());
    CHECK_EQ(refusal->status, Status::VersionMismatch);
  }
  RawControlClient newer(f.platform);
  newer.send(HelloFrame{0, 9, {}});
  REQUIRE(f.bus.settle());
  CHECK(newer.receive<ChallengeFrame>().has_value());
}

TEST(controller_cannot_be_kept_busy_by_the_silent) {
  ControllerFixture f;
  std::vector<std::unique_ptr<RawControlClient>> silent;
  for (std::size_t i = 0; i < kMaxStrangers + 10; ++i) {
    silent.push_back(std::make_unique<RawControlClient>(f.platform));
  }
  REQUIRE(f.bus.settle());
  CHECK(!silent[0]->closed());
  TestMember& joiner = f.bus.start();
  REQUIRE(f.bus.pass(milliseconds(60)));
  CHECK(joiner.membership.admitted());
  CHECK(silent[0]->closed());
  CHECK(!silent.back()->closed());
  REQUIRE(f.bus.pass(milliseconds(2100)));
  for (const auto& client : silent) CHECK(client->closed());
  CHECK(!f.controller.membership.next_deadline().has_value());
}

TEST(controller_gives_an_id_only_to_its_owner) {
  ControllerFixture f;
  std::uint64_t id = 0;
  const auto owner = f.join(77, id);
  for (const int kind : {0, 1}) {
    Platform& thief_platform = kind == 0 ? f.bus.world.start_process(kRawPid + 1) : f.platform;
    RawControlClient thief(thief_platform);
    thief.hello();
    REQUIRE(f.bus.settle());
    REQUIRE(thief.challenged());
    // Another process; another endpoint of the same process.
    thief.send(thief.announcement(kind == 1 ? 78 : 77, id));
    REQUIRE(f.bus.settle());
    // One of the two claims is false, not necessarily the second: the second client gets a new id.
    const auto welcome = thief.receive<WelcomeFrame>();
    REQUIRE(welcome.has_value());
    CHECK(welcome->id != id);
  }
  CHECK(!owner->closed());
  CHECK(f.bystander.sees(id));
  owner->send(LeaveFrame{});
  REQUIRE(f.bus.settle());
  CHECK(owner->receive<LeftFrame>().has_value());
  CHECK(!f.bystander.sees(id));
  // Not after the owner has left either: replies to the owner would go to the heir.
  RawControlClient heir(f.platform);
  heir.hello();
  REQUIRE(f.bus.settle());
  REQUIRE(heir.challenged());
  heir.send(heir.announcement(79, id));
  REQUIRE(f.bus.settle());
  const auto welcome = heir.receive<WelcomeFrame>();
  REQUIRE(welcome.has_value());
  CHECK(welcome->id != id);
  CHECK(!f.bystander.sees(id));
}

// The controller cannot check such a list.
TEST(controller_takes_no_list_of_members_from_a_member) {
  ControllerFixture f;
  REQUIRE(f.bus.pass(milliseconds(300)));
  const std::uint64_t generation = f.controller.changes.back().generation;
  const std::size_t peers = f.bystander.peers();
  std::uint64_t id = 0;
  const auto member = f.join(77, id);
  for (const std::uint64_t brought :
       {std::uint64_t{1}, generation, generation + 1, generation + 1000, kIdLimit - 2}) {
    auto writer = DirectoryWriter::create(f.platform, brought, 1).take();
    REQUIRE(writer->add({.id = 7, .pid = kRawPid, .flags = 0, .instance = 77, .label = {}}).ok());
    for (std::uint64_t phantom = 100; phantom < 600; ++phantom) {
      const auto pid = static_cast<std::uint32_t>(phantom);
      const Member facts{.id = phantom, .pid = pid, .flags = 0, .instance = phantom, .label = {}};
      REQUIRE(writer->add(facts).ok());
    }
    RawControlClient forger(f.platform);
    forger.hello();
    REQUIRE(f.bus.settle());
    REQUIRE(forger.challenged());
    forger.send_with(forger.announcement(77, 7), writer->handle());
    REQUIRE(f.bus.settle());
    // The peer itself and the id that it claims, but none of the members that it lists.
    CHECK(f.bystander.peers() <= peers + 2);
    CHECK_EQ(f.bystander.directory->generation(), generation);
  }
  CHECK(f.unharmed());
}

// A new controller knows no ids: the first client to claim an id gets it. The true owner is
// admitted all the same.
TEST(controller_lets_in_whose_id_was_taken) {
  TestBus bus;
  TestMember& first = bus.join({.controller_affinity = true});
  TestMember& owner = bus.join({.controller_affinity = false});
  const std::uint64_t id = owner.id;
  bus.stop(owner);
  bus.kill(first);
  TestMember& newcomer = bus.start();
  REQUIRE(bus.pass(milliseconds(700)));
  REQUIRE(newcomer.membership.is_controller());
  Platform& platform = bus.world.start_process(kRawPid);
  RawControlClient thief(platform);
  thief.hello();
  REQUIRE(bus.settle());
  REQUIRE(thief.challenged());
  thief.send(thief.announcement(1, id));
  REQUIRE(bus.settle());
  const auto welcome = thief.receive<WelcomeFrame>();
  REQUIRE(welcome.has_value());
  CHECK_EQ(welcome->id, id);
  bus.resume(owner);
  REQUIRE(bus.pass(milliseconds(300)));
  CHECK(!owner.refused.has_value());
  CHECK(owner.membership.admitted());
  CHECK(owner.id != id);
  CHECK(newcomer.sees(owner.id));
}

TEST(controller_knows_an_endpoint_that_connects_anew) {
  ControllerFixture f;
  std::uint64_t id = 0;
  const auto first = f.join(77, id);
  std::uint64_t again = 0;
  // As if it had never read its welcome.
  const auto second = f.join(77, again);
  CHECK_EQ(again, id);
  CHECK(first->closed());
  REQUIRE(f.bystander.sees(id));
  CHECK_EQ(f.bystander.directory->find(id)->flags, 0);
  CHECK_EQ(f.bystander.peers(), 3);
}

TEST(controller_tells_everybody_who_missed_an_introduction) {
  ControllerFixture f;
  std::uint64_t id = 0;
  const auto client = f.join(77, id);
  // However often the client sends it.
  for (int i = 0; i < 3; ++i) client->send(MissedFrame{});
  REQUIRE(f.bus.settle());
  CHECK(f.bystander.failed_introductions.empty());
  REQUIRE(f.bus.pass(milliseconds(20)));
  const std::size_t told = f.bystander.failed_introductions.size();
  CHECK(told == 1 || told == 2);
  CHECK_EQ(f.bystander.failed_introductions[0].to_id, id);
  CHECK_EQ(f.bystander.failed_introductions[0].link_id, 0);
  CHECK_EQ(f.bystander.failed_introductions[0].why, Status::LimitExceeded);
  CHECK(f.unharmed());
}

TEST(controller_believes_no_directory_that_does_not_fit) {
  ControllerFixture f;
  const std::uint64_t generation = f.bystander.directory->generation();
  for (const std::size_t bytes : {std::size_t{4096}, kDirectoryBytes}) {
    RawControlClient client(f.platform);
    client.hello();
    REQUIRE(f.bus.settle());
    REQUIRE(client.challenged());
    auto memory = f.platform.create_memory(bytes, Access::ReadOnly).take();
    auto* header = reinterpret_cast<DirectoryHeader*>(memory->data());
    header->magic = kDirectoryMagic;
    header->version = kDirectoryVersion;
    header->capacity = kMaxMembers;
    header->entry_bytes = sizeof(DirectoryEntry);
    header->generation = ~std::uint64_t{0};
    header->epoch = ~std::uint64_t{0};
    std::vector<Handle> handles;
    handles.push_back(memory->share().take());
    client.send(client.announcement(5, 1234), handles);
    REQUIRE(f.bus.settle());
    // It knows the token and an id that nobody has: admitted, as a member that a dead controller
    // had removed, but nothing else that it claims is believed.
    CHECK(client.receive<WelcomeFrame>().has_value());
    CHECK(f.bystander.sees(1234));
    client.send(LeaveFrame{});
    REQUIRE(f.bus.settle());
  }
  CHECK_EQ(f.bystander.directory->generation(), generation);
  CHECK(f.unharmed());
}

}  // namespace busbar::test
