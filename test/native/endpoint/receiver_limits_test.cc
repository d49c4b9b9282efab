// Limits on what one peer can make a receiver hold or do, on the loopback platform: links,
// descriptors and mappings of its process, frames and rings per turn.
#include <vector>

#include "core/endpoint/receiver.h"
#include "core/link/outbound_link.h"
#include "endpoint/receiver_crowd.h"
#include "loopback/loopback_world.h"
#include "support/check.h"

namespace busbar::test {

TEST(receiver_takes_two_links_of_a_peer_and_one_more_when_one_has_ended) {
  Crowd world;
  HandMade links[5];
  const auto first = world.attach(links[0]);
  REQUIRE(first.ok());
  CHECK(world.attach(links[1]).ok());
  CHECK(world.violations.empty());
  CHECK_EQ(world.attach(links[2]).status(), Status::LimitExceeded);
  CHECK_EQ(world.violations.size(), 1);
  // Another endpoint of the same process has a limit of its own.
  CHECK(world.attach(links[3], 103).ok());
  // The receiver has not yet read that channel.
  links[0].channel.reset();
  CHECK(world.attach(links[4]).ok());
  CHECK_EQ(world.receiver.link_count(), 4);
  CHECK_EQ(world.violations.size(), 1);
}

TEST(receiver_counts_what_a_peer_process_makes_it_hold) {
  Crowd world;
  HandMade links[2];
  auto one = world.attach(links[0]);
  auto two = world.attach(links[1], 103);
  REQUIRE(one.ok() && two.ok());
  const auto bell = world.peer.create_doorbell().take();
  const Handle handle = bell->share().take();
  const std::vector<const Handle*> many(kMaxObjects, &handle);
  const std::size_t before = world.world.count_handles(kOwnPid);
  // No more per link than its sender would allow itself.
  for (std::uint64_t id = 1; id <= 3; ++id)
    links[0].say({LinkFrameKind::Objects, id, kMaxObjects}, many);
  CHECK_EQ(one.value()->receive(world.own), Status::Ok);
  CHECK_EQ(world.world.count_handles(kOwnPid), before + 759);
  links[0].say({LinkFrameKind::Objects, 4, kMaxObjects}, many);
  CHECK_EQ(one.value()->receive(world.own), Status::ProtocolViolation);
}

TEST(receiver_keeps_no_objects_whose_shares_are_wrong) {
  Crowd world;
  const auto bell = world.peer.create_doorbell().take();
  const Handle handle = bell->share().take();
  const auto several = [](std::vector<ObjectShare> shares) {
    LinkFrame frame{LinkFrameKind::ObjectsOfSeveral, shares.size(), 0};
    for (const ObjectShare& share : shares) frame.bytes += share.objects;
    frame.shares = std::move(shares);
    return frame;
  };
  LinkFrame beyond = several({{1, 1}, {2, 1}});
  beyond.bytes = 3;
  const std::pair<LinkFrame, std::size_t> wrong[] = {
      {several({{1, 1}}), 1},
      {several({{1, 0}, {2, 1}}), 1},
      {several({{1, 1}, {2, 2}}), 2},
      {several({{1, 1}, {2, 1}}), 3},
      {several({{1, 1}, {2, 1}}), 0},
      {several(std::vector<ObjectShare>(kMaxObjectShares + 1, ObjectShare{1, 1})),
       kMaxObjectShares + 1},
      {beyond, 3},
      {{LinkFrameKind::ObjectsOfSeveral, 2, 2}, 2},
      {{LinkFrameKind::ObjectsOfSeveral, ~std::uint64_t{0}, 2}, 2},
  };
  std::uint64_t peer = 200;
  const std::size_t before = world.world.count_handles(kOwnPid);
  for (const auto& [frame, handles] : wrong) {
    HandMade link;
    auto attached = world.attach(link, ++peer);
    REQUIRE(attached.ok());
    link.say(frame, std::vector<const Handle*>(handles, &handle));
    (void)world.receiver.on_channel(attached.value()->slot());
    CHECK_EQ(world.violations.size(), peer - 200);
    world.closed.clear();
    CHECK_EQ(world.world.count_handles(kOwnPid), before);
  }
}

TEST(receiver_takes_objects_of_several_messages_as_those_of_each) {
  Crowd world;
  HandMade link;
  auto attached = world.attach(link);
  REQUIRE(attached.ok());
  InboundLink& in = *attached.value();
  const auto bell = world.peer.create_doorbell().take();
  const Handle handle = bell->share().take();
  const std::vector<const Handle*> many(kMaxObjects, &handle);
  const std::size_t before = world.world.count_handles(kOwnPid);
  LinkFrame frame{LinkFrameKind::ObjectsOfSeveral, 3, 253, {{7, 1}, {9, 250}, {8, 2}}};
  REQUIRE(link.say(frame, many));
  CHECK(world.receiver.on_channel(in.slot()));
  CHECK_EQ(in.take_objects(8, 2)->size(), 2);
  CHECK_EQ(in.take_objects(7, 1)->size(), 1);
  CHECK(!in.take_objects(7, 1));
  CHECK_EQ(in.take_objects(9, 250)->size(), 250);
  CHECK_EQ(world.world.count_handles(kOwnPid), before);
  // Together no more than a sender allows itself.
  frame.shares = {{10, 1}, {11, 251}, {12, 1}};
  for (int i = 0; i < 4; ++i) REQUIRE(link.say(frame, many));
  (void)world.receiver.on_channel(in.slot());
  CHECK_EQ(world.violations.size(), 1);
  world.closed.clear();
  CHECK(world.world.count_handles(kOwnPid) < before);
}

TEST(receiver_reads_so_many_frames_of_a_link_and_of_all_in_a_turn) {
  Crowd world;
  std::vector<HandMade> links(20);
  std::vector<InboundLink*> ends;
  std::uint64_t id = 200;
  for (HandMade& link : links) {
    auto attached = world.attach(link, id++);
    REQUIRE(attached.ok());
    ends.push_back(attached.value());
    CHECK(link.flood() >= 2 * TurnAllowance::kFramesOfLink);
  }
  for (int turn = 0; turn < 3; ++turn) {
    world.receiver.begin_turn();
    for (InboundLink* end : ends) CHECK_EQ(end->receive(world.own), Status::WouldBlock);
    // The frames that fit now are as many as were read.
    std::size_t read = 0;
    for (HandMade& link : links) {
      const std::size_t of_link = link.flood();
      CHECK(of_link <= TurnAllowance::kFramesOfLink);
      read += of_link;
    }
    CHECK_EQ(read, TurnAllowance::kFrames);
  }
}

// Messages whose objects are behind more frames than one turn reads: some wait, and do not count as
// having lost their objects.
TEST(receiver_takes_a_message_when_all_that_goes_with_it_was_read) {
  Crowd world;
  const auto bell = world.peer.create_doorbell().take();
  const Handle handle = bell->share().take();
  const Handle* const one[] = {&handle};
  std::vector<HandMade> links(6);
  std::uint64_t id = 200;
  for (HandMade& link : links) {
    REQUIRE(world.attach(link, id++).ok());
    CHECK_EQ(link.flood(60), 60);
    CHECK(link.say({LinkFrameKind::Objects, 7, 1}, one));
    OutgoingMessage message;
    message.id = 7;
    message.object_count = 1;
    const auto bytes = static_cast<std::uint32_t>(record_bytes(message));
    write_record(message, link.producer->reserve(bytes));
    (void)link.producer->commit(bytes);
    link.producer->publish();
  }
  std::vector<std::byte> slab(64U << 10U);
  std::vector<ReceivedMessage> messages(16);
  std::size_t got = 0;
  std::size_t batches = 0;
  while (got < links.size() && batches < 10) {
    CHECK(!world.receiver.sleep());
    ReceiveBatch batch{.slab = slab, .messages = messages};
    world.receiver.receive(batch);
    for (const ReceivedMessage& message : std::span(messages).first(batch.count)) {
      CHECK(!message.objects_lost);
      CHECK_EQ(message.objects.size(), 1);
    }
    world.receiver.taken(0, {});
    got += batch.count;
    ++batches;
  }
  CHECK_EQ(got, links.size());
  CHECK_EQ(batches, 2);
  CHECK(world.violations.empty());
}

TEST(holdings_of_a_peer_process_end_before_those_of_all) {
  PeerHoldings peers(2000);
  LinkHoldings first(peers.of(1));
  LinkHoldings second(peers.of(1));
  CHECK(first.add({600, 1, 1}));
  CHECK(!second.add({401, 1, 1}));
  CHECK(second.add({400, 1, 1}));
  {
    LinkHoldings other(peers.of(2));
    CHECK(!other.add({501, 0, 0}));
    CHECK(other.add({500, 0, 0}));
    CHECK_EQ(peers.all().descriptors, 1500);
  }
  CHECK_EQ(peers.all().descriptors, 1000);
  first.subtract({600, 1, 1});
  CHECK(second.add({600, 0, 0}));
  // Sums must not wrap.
  CHECK(!first.add({0, 0, ~std::uint64_t{0}}));
  CHECK(!first.add({0, ~std::uint64_t{0}, 0}));
}

}  // namespace busbar::test
