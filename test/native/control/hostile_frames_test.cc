// Each field of each control frame at its limits and beyond, also of frames that the sender's role
// may not send, as a member sends it to the controller and as an impostor in the controller's place
// sends it to members. Checked at the last reader of
// the value: third members carry on, stay connected to one another, and get no false report.
#include <limits>
#include <utility>
#include <vector>

#include "endpoint/endpoint_box.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::uint64_t kMax64 = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kLimits[] = {0,
                                     1,
                                     2,
                                     7,
                                     4095,
                                     4096,
                                     4097,
                                     kMaxHandOverBytes,
                                     kMaxHandOverBytes + 1,
                                     (std::uint64_t{1} << 31U),
                                     (std::uint64_t{1} << 32U),
                                     (std::uint64_t{1} << 52U) - 1,
                                     kIdLimit - 1,
                                     kIdLimit,
                                     (std::uint64_t{1} << 63U) - 1,
                                     (std::uint64_t{1} << 63U),
                                     kMax64 - 1,
                                     kMax64};

struct Said {
  ControlFrame frame;
  std::size_t handles = 0;
};

// `ids`: ids of members, and ids that nobody has.
std::vector<Said> what_members_may_say(const std::vector<std::uint64_t>& ids) {
  std::vector<Said> all;
  for (const std::uint64_t number : kLimits) {
    all.push_back({RelabelFrame{number, label_of("another")}});
    all.push_back({AwaitChangeFrame{number}});
    all.push_back({KeptFrame{number}});
    all.push_back({ParkFrame{number}, 1});
    for (const std::uint64_t id : ids) {
      all.push_back({IntroduceFrame{id, number, 1U << 16U}, 4});
      all.push_back({IntroduceFrame{id, 1, number}, 4});
    }
    all.push_back({IntroduceFrame{number, 1, 1U << 16U}, 4});
  }
  all.push_back({MissedFrame{}});
  all.push_back({PingFrame{}});
  all.push_back({ArrivedFrame{}});
  all.push_back({LeaveFrame{}});
  return all;
}

// Frames that only controllers may send.
std::vector<Said> what_controllers_may_say(const std::vector<std::uint64_t>& ids) {
  std::vector<Said> all;
  for (const std::uint64_t number : kLimits) {
    all.push_back({ChallengeFrame{static_cast<std::uint16_t>(number), {}, {}}});
    all.push_back({WelcomeFrame{number, 1, kDirectoryBytes}, 1});
    all.push_back({WelcomeFrame{1, number, kDirectoryBytes}, 1});
    all.push_back({WelcomeFrame{1, 1, number}, 1});
    all.push_back({ChangedFrame{number}});
    all.push_back({RelabelledFrame{number}});
    all.push_back({ParkFrame{number}, 1});
    all.push_back({KeptFrame{number}});
    all.push_back({SucceedFrame{number, 0}, 1});
    all.push_back({SucceedFrame{1, number}, 1});
    for (const std::uint64_t id : ids) {
      all.push_back({IntroducedFrame{id, static_cast<std::uint32_t>(number), 1, 1U << 16U}, 4});
      all.push_back({IntroducedFrame{id, 100, number, 1U << 16U}, 4});
      all.push_back({IntroducedFrame{id, 100, 1, number}, 4});
      all.push_back({IntroduceFailedFrame{id, number, Status::PeerGone}});
      all.push_back({IntroduceFailedFrame{id, number, Status::LimitExceeded}});
    }
    all.push_back({IntroduceFailedFrame{number, number, Status::LimitExceeded}});
  }
  for (const std::uint64_t status : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2},
                                     std::uint64_t{9}, std::uint64_t{0xffff}})
    all.push_back({RefuseFrame{static_cast<Status>(status)}});
  all.push_back({PongFrame{}});
  all.push_back({LeftFrame{}});
  return all;
}

// Frames that open a connection, said again on one that is open.
std::vector<Said> what_applicants_may_say(const std::vector<std::uint64_t>& ids) {
  std::vector<Said> all;
  for (const std::uint64_t number : kLimits) {
    const auto version = static_cast<std::uint16_t>(number);
    all.push_back({HelloFrame{version, version, {}}});
    all.push_back({HelloFrame{version, kControlVersion, {}}});
    all.push_back({AnnounceFrame{{}, true, number, 0, 0, label_of("other")}});
    all.push_back({AnnounceFrame{{}, false, 1, number, 0, label_of("other")}, 1});
  }
  for (const std::uint64_t id : ids)
    all.push_back({AnnounceFrame{{}, true, id, id, 0, label_of("controller")}, 1});
  return all;
}

// Every kind of frame, whichever side may say it.
std::vector<Said> all_frames(const std::vector<std::uint64_t>& ids) {
  std::vector<Said> all = what_members_may_say(ids);
  for (auto more : {what_controllers_may_say(ids), what_applicants_may_say(ids)})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

// Handles of a kind that fits nowhere, or fits by its kind only.
std::vector<Handle> some(Platform& platform, std::size_t count) {
  std::vector<Handle> handles;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 2 == 0) {
      handles.push_back(platform.create_memory(4096, Access::ReadWrite).value()->share().take());
    } else {
      handles.push_back(platform.create_doorbell().value()->share().take());
    }
  }
  return handles;
}

// Sends one message each way between `from` and `to`.
bool talk(EndpointBox& box, BoxedEndpoint& from, BoxedEndpoint& to, std::uint32_t route) {
  const std::size_t before = to.got.size();
  const SendOutcome outcome = from.send(route, 24, 0);
  if (!CHECK(outcome.error.ok())) return false;
  return CHECK(box.run_until([&] { return to.got.size() > before; }, 4000)) &&
         CHECK_EQ(to.got.back().from_id, from.endpoint->id()) &&
         CHECK(!to.got.back().origin.has_value());
}

}  // namespace

TEST(hostile_frames_of_a_member_harm_no_third_one) {
  EndpointBox box;
  BoxedEndpoint& controller = box.join("controller");
  BoxedEndpoint& one = box.join("one");
  BoxedEndpoint& other = box.join("other");
  const std::uint32_t route = one.endpoint->add_route(leaf("other"), true, true);
  const std::uint32_t to_one = controller.endpoint->add_route(leaf("one"), true, true);
  REQUIRE(talk(box, one, other, route));
  REQUIRE(talk(box, controller, one, to_one));
  const std::size_t links = other.endpoint->counters().inbound_links;
  std::size_t count = 0;
  for (const Said& said :
       all_frames({controller.endpoint->id(), one.endpoint->id(), other.endpoint->id()})) {
    EndpointBox::Raw raw = box.join_raw();
    // Twice: the first may be allowed.
    for (int times = 0; times < 2; ++times) {
      raw.client->send(said.frame, some(*raw.platform, said.handles));
      box.run(2);
    }
    if (++count % 16 != 0) continue;
    REQUIRE(talk(box, one, other, route));
    REQUIRE(talk(box, controller, one, to_one));
  }
  REQUIRE(talk(box, one, other, route));
  REQUIRE(talk(box, controller, one, to_one));
  CHECK(controller.endpoint->is_controller());
  CHECK_EQ(one.undelivered + other.undelivered + controller.undelivered, 0);
  CHECK_EQ(other.endpoint->counters().inbound_links, links);
  CHECK_EQ(controller.endpoint->counters().parked, 0);
}

// A member whose controller's place an impostor has taken keeps its links and finds the bus again.
TEST(hostile_frames_of_a_controller_cost_members_a_controller) {
  EndpointBox box;
  constexpr std::uint32_t kImpostor = 5000;
  Platform& platform = box.world.start_process(kImpostor);
  std::vector<Said> all = all_frames({1, 42, 43});
  const auto name = platform.open_rendezvous("test.bus").take();
  std::unique_ptr<Listener> listener = name->claim().take();
  BoxedEndpoint& member = box.join("member");
  auto directory = DirectoryWriter::create(platform, 8, 1).take();
  REQUIRE(directory->add({.id = 42, .pid = 100, .flags = 0, .instance = 1, .label = {}}).ok());
  REQUIRE(directory->add({.id = 43, .pid = 101, .flags = 0, .instance = 2, .label = {}}).ok());
  std::size_t said_to_members = 0;
  for (std::size_t next = 0, patience = 0; next < all.size() && patience < 20'000; ++patience) {
    box.run(1);
    // The member took the name if a frame asked it to succeed.
    if (!listener->holds_name()) listener = name->depose(name->holder()).take();
    auto channel = listener->accept();
    if (!channel) continue;
    RawControlClient client(platform, channel.take());
    const auto hello = client.receive<HelloFrame>();
    if (!hello) continue;
    client.challenge(*hello);
    box.run(2);
    if (!client.receive<AnnounceFrame>()) continue;
    client.send_with(WelcomeFrame{42, 8, kDirectoryBytes}, directory->handle());
    box.run(2);
    // Until the member closes the connection.
    for (; next < all.size(); ++next) {
      client.send(all[next].frame, some(platform, all[next].handles));
      box.run(2);
      ++said_to_members;
      if (client.closed()) break;
    }
    ++next;
  }
  CHECK(said_to_members >= all.size() / 2);
  CHECK(!member.closed);
  box.world.kill(kImpostor);
  REQUIRE(box.run_until([&] { return member.endpoint->is_controller(); }, 60'000));
  BoxedEndpoint& other = box.join("other");
  const std::uint32_t route = member.endpoint->add_route(leaf("other"), true, true);
  // Newcomers wait for the members that the impostor had listed.
  REQUIRE(box.run_until([&] { return !member.endpoint->matches(route).empty(); }));
  REQUIRE(talk(box, member, other, route));
}

}  // namespace busbar::test
