// Kernel objects over a link between two processes of the loopback world: those of several messages
// in one datagram, each with its own message, whatever happens to either end.
#include <string>
#include <vector>

#include "core/link/inbound_link.h"
#include "core/link/outbound_link.h"
#include "loopback/loopback_world.h"
#include "support/check.h"

namespace busbar::test {
namespace {

constexpr std::uint32_t kGiverPid = 11;
constexpr std::uint32_t kTakerPid = 12;
constexpr std::size_t kMemoryBytes = 4096;
constexpr std::uint32_t kAtOnce = OutboundLink::kPublishedAtOnce;
constexpr std::uint32_t kTogether = OutboundLink::kGathered;

// Objects are pieces of memory that begin with the number of their message and their own.
struct ObjectWorld {
  LoopbackWorld world;
  Platform& sender = world.start_process(kGiverPid);
  Platform& receiver = world.start_process(kTakerPid);
  RegionTable regions{receiver};
  std::unique_ptr<DoorbellSet> bells = receiver.create_doorbell_set().take();
  Budget queued{1U << 20U};
  Budget objects{4096};
  std::shared_ptr<TurnAllowance> turn = std::make_shared<TurnAllowance>();
  std::unique_ptr<OutboundLink> out = make_link();
  std::unique_ptr<InboundLink> in = attach(*out);
  std::uint64_t next_id = 1;

  std::unique_ptr<OutboundLink> make_link() {
    return OutboundLink::create(sender, 101, 102, kTakerPid, 3, {kMinRingBytes, 1U << 20U, queued})
        .take();
  }

  std::unique_ptr<InboundLink> attach(OutboundLink& link) {
    auto pair = sender.create_channel_pair(sender.self().pid).take();
    auto theirs = receiver.adopt_channel(std::move(pair.theirs)).take();
    const std::byte byte{1};
    CHECK(pair.mine->send({&byte, 1}, link.introduction_handles()).ok());
    auto datagram = theirs->receive().take();
    auto attached = InboundLink::attach(receiver, regions, *bells, 5, 101, kGiverPid, 3,
                                        kMinRingBytes, std::move(datagram.handles), {}, turn);
    (void)link.receive();
    return attached.take();
  }

  // False: there is no room for it.
  bool send(std::size_t count, std::size_t payload_bytes = 0) {
    std::vector<Handle> handles;
    std::vector<const Handle*> pointers;
    for (std::size_t i = 0; i < count; ++i) {
      auto memory = sender.create_memory(kMemoryBytes, Access::ReadWrite).take();
      memory->data()[0] = static_cast<std::byte>(next_id);
      memory->data()[1] = static_cast<std::byte>(i);
      handles.push_back(memory->share().take());
    }
    pointers.reserve(handles.size());
    for (const Handle& handle : handles) pointers.push_back(&handle);
    const std::vector<std::byte> payload(payload_bytes);
    OutgoingMessage message;
    message.id = next_id;
    message.payload = payload;
    message.object_count = static_cast<std::uint8_t>(count);
    if (!out->has_room(record_bytes(message), 0, count)) return false;
    Obligation owed;
    if (count != 0) owed.objects = ObjectBundle::copy(sender, pointers, objects).take();
    if (count != 0 || !out->put_now({message, 0, {}}))
      out->put(message, count == 0 ? nullptr : &owed);
    ++next_id;
    return true;
  }

  // The number of the next message, whose objects are the ones that were sent with it; 0: there is
  // none.
  std::uint64_t take() {
    RingRecord record;
    if (in->ring().peek(record) != RingRead::Record) return 0;
    const RecordHeader header = record.header;
    CHECK_EQ(in->gather(receiver, {}, header.id, header.object_count), Status::Ok);
    if (header.object_count != 0) {
      auto taken = in->take_objects(header.id, header.object_count);
      if (CHECK(taken.has_value())) {
        for (std::size_t i = 0; i < taken->size(); ++i)
          CHECK(is_object(std::move((*taken)[i]), header.id, i));
      }
    }
    in->ring().advance();
    in->release();
    return header.id;
  }

  bool is_object(Handle handle, std::uint64_t id, std::size_t number) {
    auto memory = receiver.adopt_memory(std::move(handle), kMemoryBytes, Access::ReadWrite);
    return memory.ok() && memory.value()->data()[0] == static_cast<std::byte>(id) &&
           memory.value()->data()[1] == static_cast<std::byte>(number);
  }

  void take_through(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t id = first; id <= last; ++id) CHECK_EQ(take(), id);
  }

  // How many frames were read since the turn began.
  std::size_t frames_read() {
    std::size_t left = 0;
    while (turn->take()) ++left;
    turn->renew();
    return TurnAllowance::kFrames - left;
  }

  // The sender's control thread has its turn.
  void progress() {
    (void)out->receive();
    CHECK(out->make_progress([](std::uint64_t, Status) {}));
  }
};

}  // namespace

TEST(objects_of_a_turn_go_together) {
  ObjectWorld world;
  const std::uint64_t sent = kAtOnce + 2 * kTogether + 3;
  for (std::uint64_t id = 1; id <= sent; ++id) REQUIRE(world.send(1));
  // The first at once, then so many together, the last ones at the end of the turn.
  world.take_through(1, kAtOnce + 2 * kTogether);
  CHECK_EQ(world.take(), 0);
  CHECK(world.out->flushed() && world.out->relaxed());
  CHECK_EQ(world.out->queued_messages(), 3);
  CHECK(world.out->end_turn(0));
  world.take_through(kAtOnce + 2 * kTogether + 1, sent);
  CHECK_EQ(world.out->queued_messages(), 0);
  CHECK_EQ(world.frames_read(), kAtOnce + 3);
  // A turn without any.
  CHECK(!world.out->end_turn(0));
  REQUIRE(world.send(1));
  CHECK_EQ(world.take(), sent + 1);
}

TEST(objects_come_with_their_messages_whatever_is_sent_between) {
  ObjectWorld world;
  std::uint64_t taken = 0;
  // Numbers of objects whose sum passes what one datagram, and the receiver, may have.
  const std::size_t counts[] = {1, 0, 3, 1, 1, 0, 0, 40, 30, 1, 0, 7, 60, 64, 1, 253, 1, 2, 0};
  for (int round = 0; round < 5; ++round) {
    for (const std::size_t count : counts) {
      while (!world.send(count, count % 3 * 200)) {
        const std::uint64_t id = world.take();
        if (id != 0) REQUIRE_EQ(id, ++taken);
        (void)world.out->end_turn(0);
        world.progress();
      }
      if (world.next_id % 5 == 0) (void)world.out->end_turn(0);
      if (world.next_id % 7 == 0) world.progress();
      if (world.next_id % 2 == 0) continue;
      if (const std::uint64_t id = world.take(); id != 0) CHECK_EQ(id, ++taken);
    }
  }
  (void)world.out->end_turn(0);
  while (taken + 1 < world.next_id) {
    const std::uint64_t id = world.take();
    if (id == 0) {
      world.progress();
      REQUIRE_EQ(world.take(), ++taken);
      continue;
    }
    REQUIRE_EQ(id, ++taken);
  }
  CHECK_EQ(world.take(), 0);
}

TEST(objects_at_the_receiver_are_limited_however_many_go_together) {
  ObjectWorld world;
  const std::size_t before = world.world.count_handles(kTakerPid);
  for (int i = 0; i < 200; ++i) REQUIRE(world.send(1));
  (void)world.out->end_turn(0);
  CHECK_EQ(world.in->receive(world.receiver), Status::Ok);
  CHECK_EQ(world.world.count_handles(kTakerPid), before + Obligations::kMaxObjectsGiven);
  CHECK_EQ(world.out->queued_messages(), 200 - Obligations::kMaxObjectsGiven);
  // Half of them taken: the sender is woken, and goes on.
  world.take_through(1, Obligations::kMaxObjectsGiven / 2);
  CHECK(world.out->receive().progress);
  world.progress();
  CHECK_EQ(world.in->receive(world.receiver), Status::Ok);
  CHECK(world.world.count_handles(kTakerPid) <= before + Obligations::kMaxObjectsGiven);
  std::uint64_t taken = Obligations::kMaxObjectsGiven / 2;
  while (taken < 200) {
    while (const std::uint64_t id = world.take()) REQUIRE_EQ(id, ++taken);
    world.progress();
  }
  CHECK_EQ(world.world.count_handles(kTakerPid), before);
}

// Some of them were with the receiver already.
TEST(objects_that_wait_are_an_orphans_when_the_receiver_dies) {
  ObjectWorld world;
  const std::uint64_t sent = kAtOnce + 100 + 3;
  for (std::uint64_t id = 1; id <= sent; ++id) REQUIRE(world.send(1));
  world.take_through(1, 10);
  world.in.reset();
  auto orphans = world.out->mark_dead([](std::uint64_t, Status) {});
  REQUIRE_EQ(orphans.size(), sent - 10);
  std::uint64_t id = 10;
  for (const OutboundLink::Orphan& orphan : orphans) {
    const auto record = parse_record(orphan.record);
    REQUIRE(record.has_value());
    CHECK_EQ(record->header.id, ++id);
    REQUIRE(orphan.obligation.objects != nullptr);
    CHECK_EQ(orphan.obligation.objects->handles.size(), 1);
  }
  orphans.clear();
  CHECK_EQ(world.objects.used(), 0);
}

TEST(objects_that_wait_stay_in_order_with_what_has_a_key_or_a_place) {
  ObjectWorld world;
  for (int i = 0; i < 6; ++i) REQUIRE(world.send(1));
  const std::vector<std::byte> payload(100);
  OutgoingMessage keyed;
  keyed.id = world.next_id++;
  keyed.payload = payload;
  REQUIRE(world.out->has_room_for("key", record_bytes(keyed)));
  CHECK(!world.out->put_latest("key", keyed, nullptr));
  for (int i = 0; i < 2; ++i) REQUIRE(world.send(1));
  SimpleMessage placed;
  placed.id = world.next_id++;
  std::byte* place = world.out->reserve_payload(8);
  REQUIRE(place != nullptr);
  REQUIRE(world.send(1));
  placed.payload = {place, 8};
  world.out->commit_reserved(placed, place);
  (void)world.out->end_turn(0);
  world.progress();
  world.take_through(1, 11);
  CHECK_EQ(world.take(), 0);
}

}  // namespace busbar::test
