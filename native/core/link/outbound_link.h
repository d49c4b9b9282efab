// OutboundLink: the sending end of one link: ring, the queue behind it, and what is still owed to
// somebody about messages in it. Every call with the endpoint's lock held.
//
//   put ──> ring ──────────────> taken by the receiver ──> handled by its program
//    └────> queue ──flush──┘
//
//   Introducing ──on_attached──> Attached ──mark_dead──> Dead
//        └──────────────mark_dead──────────────────────────┘
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/link/latest_values.h"
#include "core/link/link_frame.h"
#include "core/link/spill_pool.h"
#include "core/link/turn_allowance.h"
#include "core/region/object_bundle.h"
#include "core/region/region_bundle.h"
#include "core/ring/record.h"
#include "core/ring/record_queue.h"
#include "core/ring/ring_producer.h"
#include "platform/platform.h"

namespace busbar {

// What the sender still has to do about one message once the receiver took (or handled) it.
struct Obligation {
  // Keeps the payload's spill from reuse until the message is taken.
  std::shared_ptr<const Spill> spill;
  // Bytes of the spill that the message uses.
  std::uint64_t spill_bytes = 0;
  // The message's kernel objects; null for none.
  std::shared_ptr<const ObjectBundle> objects;
  // The message's memory regions; null for none.
  std::shared_ptr<const RegionBundle> memory;
  // While this process counts among their holders: until the receiver is booked for them, or, if
  // that is waited for, until it has handled the message.
  std::shared_ptr<const RegionClaim> claim;
  // Delivery to report to, 0 for none.
  std::uint64_t delivery = 0;
  bool wants_handled = false;

  [[nodiscard]] bool empty() const noexcept {
    return spill == nullptr && objects == nullptr && memory == nullptr && delivery == 0 &&
           !wants_handled;
  }
  // Nobody waits for its end: settled when the link is looked at anyway, or a moment later.
  [[nodiscard]] bool quiet() const noexcept {
    return spill == nullptr && delivery == 0 && !wants_handled;
  }
};

class OutboundLink {
 public:
  // Messages with a spill that one receiver may have untaken: bounds the spills, hence
  // descriptors, of a sender.
  static constexpr std::size_t kMaxSpillsInFlight = 32;
  // Kernel objects that one receiver may have untaken: bounds what it has open on our behalf. One
  // message may exceed it when none is under way.
  static constexpr std::size_t kMaxObjectsInFlight = 512;
  // Of those, the ones that were given to the receiver, in whose process they are open from then
  // on: it may have no more than 256 descriptors. The others wait in the queue.
  static constexpr std::size_t kMaxObjectsGiven = 64;
  // Spills that one receiver keeps mapped; below its own limit (InboundLink::kMaxSpills), above the
  // ones in flight.
  static constexpr std::size_t kMaxKnownSpills = 48;
  // Memory regions that the receiver keeps mapped between messages; below its own limit
  // (InboundLink::kMaxMemory).
  static constexpr std::size_t kMaxKnownMemory = 64;

  // The first messages of a turn are visible to the receiver at once; in a burst, what follows is
  // published together when it comes to so many bytes, or at the end of the turn.
  static constexpr std::uint32_t kPublishedAtOnce = 4;
  static constexpr std::uint64_t kPublishBytes = 2048;

  // That many messages with objects or memory regions may have been taken before the sender looks.
  static constexpr std::size_t kQuietUnnoticed = 8;

  enum class State : std::uint8_t { Introducing, Attached, Dead };

  // What a link may use.
  struct Room {
    // A power of two.
    std::uint64_t ring_bytes = 0;
    // Of messages that wait because the ring is full.
    std::uint64_t queue_bytes = 0;
    // Shared with the sender's other links; outlives them.
    Budget& queued;
  };

  // Creates ring, doorbell and channel. Nothing is known to the receiver before it is introduced.
  [[nodiscard]] static Result<std::unique_ptr<OutboundLink>> create(
      Platform& platform, std::uint64_t self_id, std::uint64_t peer_id, std::uint32_t peer_pid,
      std::uint64_t link_id, const Room& room);

  [[nodiscard]] std::uint64_t peer_id() const noexcept { return peer_id_; }
  [[nodiscard]] std::uint32_t peer_pid() const noexcept { return peer_pid_; }
  [[nodiscard]] std::uint64_t link_id() const noexcept { return link_id_; }
  [[nodiscard]] std::uint64_t ring_bytes() const noexcept { return producer_.capacity(); }
  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] const Channel& channel() const noexcept { return *channel_; }

  // For a receiver that seems to be gone before it attached: true when it cannot do so any more.
  // Else it has, and the channel will tell of its end.
  [[nodiscard]] bool revoke() noexcept;

  // The handles of an introduction in their order; empty once attached.
  [[nodiscard]] std::vector<const Handle*> introduction_handles() const;

  // Whether a record of `bytes`, whose payload takes `spill_bytes` of a spill (0: none) and which
  // has `objects` kernel objects, would be taken now. A queue of nothing takes any record.
  [[nodiscard]] bool has_room(std::uint64_t bytes, std::uint64_t spill_bytes, std::size_t objects);
  // The common case of put(): a message without extensions that owes nothing, straight into the
  // ring, or the queue if others wait there already. False when it has to be put(). To be followed
  // by ring_if_asleep() at the end of the turn.
  [[nodiscard]] bool put_now(const PlainMessage& message) noexcept;
  // Takes the message; only after has_room().
  void put(const OutgoingMessage& message, const Obligation* obligation);
  // Whether a record of `bytes` with this key would be taken now.
  [[nodiscard]] bool has_room_for(std::string_view key, std::uint64_t bytes);
  // As put(), but while an earlier message of this key is untaken, it waits, and only the newest
  // does. Returns what is owed about the one whose place it took. Only after has_room_for().
  [[nodiscard]] std::optional<Obligation> put_latest(std::string_view key,
                                                     const OutgoingMessage& message,
                                                     const Obligation* obligation);
  // Slots in the ledgers of these regions, before a message with them is put. False: there is none.
  [[nodiscard]] bool open_flights(std::span<const RegionRange> ranges);
  // Those that no message came to use.
  void close_unused_flights();
  // Those of regions of which nothing is on its way over this link.
  void give_up_flights(std::span<const RegionRange> ranges);
  // Room in the ring for the payload of one plain message, or nullptr; nothing else is published
  // before it is committed or cancelled. The memory stays mapped for as long as the caller keeps
  // ring_memory().
  [[nodiscard]] std::byte* reserve_payload(std::size_t payload_bytes) noexcept;
  // `message` has the payload that was written there, at `payload`.
  void commit_reserved(const PlainMessage& message, std::byte* payload) noexcept;
  void cancel_reserved() noexcept;
  [[nodiscard]] const std::shared_ptr<SharedMemory>& ring_memory() const noexcept {
    return ring_memory_;
  }
  // Moves queued records into the ring as far as there is room. True when something moved.
  bool flush_queue();
  // Publishes what is written and rings the receiver if it sleeps; true when it did.
  bool ring_if_asleep() noexcept;
  // In the middle of a turn: the same if a cheap look, which may be mistaken, finds it asleep.
  bool ring_if_seems_asleep() noexcept;
  // Tells the receiver where its sender runs.
  void publish_cpu(std::uint32_t cpu) noexcept { producer_.set_cpu(cpu); }

  // Bytes that the receiver has not taken, queue and spills included.
  [[nodiscard]] std::uint64_t unread() noexcept;
  [[nodiscard]] std::uint64_t queued_messages() const noexcept {
    return accepted_ - published_ - (reserved_ ? 1 : 0) + latest_.size();
  }
  // Nothing was published that the receiver has not taken.
  [[nodiscard]] bool idle() noexcept { return unread() == 0; }
  // Nothing waits in the sender's memory any more.
  [[nodiscard]] bool flushed() const noexcept { return queue_.empty() && latest_.empty(); }
  // Flushed, and large payloads have room again.
  [[nodiscard]] bool relaxed() const noexcept {
    return flushed() && spills_in_flight_ <= kMaxSpillsInFlight / 2 &&
           spilled_bytes_ <= queue_limit_ / 2 && objects_in_flight_ <= kMaxObjectsInFlight / 2;
  }

  // What became of a delivery at this link: Ok, or why the receiver has not taken or handled the
  // message.
  using OnSettled = std::function<void(std::uint64_t delivery, Status status)>;

  // Looks how far the receiver is: calls `settled` for each delivery that has an outcome now, drops
  // spills, moves the queue and asks for the next wake-up. False when the receiver wrote
  // nonsense: mark it dead.
  [[nodiscard]] bool make_progress(const OnSettled& settled);

  // A datagram that could not be sent waits for the channel to be writable.
  [[nodiscard]] bool wants_writable() const noexcept { return wants_writable_; }
  void clear_wants_writable() noexcept { wants_writable_ = false; }
  // Something failed for want of a resource (a descriptor, say): call make_progress again in a
  // while.
  [[nodiscard]] bool wants_retry() const noexcept { return wants_retry_; }

  struct Received {
    // make_progress() has something to find.
    bool progress = false;
    bool attached = false;
    bool gone = false;
    // Ok, or why the receiver hung up.
    Status refused = Status::Ok;
  };
  // Reads what the receiver said on the channel, at most so many frames: it can say more as fast as
  // we read. What is left comes with the next turn.
  [[nodiscard]] Received receive(std::size_t most = TurnAllowance::kFramesOfLink);
  void on_attached() noexcept;

  // Tells the receiver to unmap spills that the pool gave up.
  void forget_spills(const std::vector<std::uint64_t>& ids);

  // Tells the receiver to unmap memory regions that this process has unmapped.
  void forget_unmapped();
  // Published messages with objects or regions that the receiver may have taken by now, unnoticed.
  [[nodiscard]] bool has_quiet() const noexcept { return tracked_published_ > loud_published_; }
  // From now on the receiver wakes us for those, once.
  void arm_quiet() noexcept { quiet_armed_ = true; }
  [[nodiscard]] bool quiet_armed() const noexcept { return quiet_armed_; }
  // When to look for those next.
  std::optional<TimePoint> settle_at;
  // The endpoint leaves: what is published stays for the receiver to read, and to count.
  void hang_up();

  // The messages that the receiver never took (or was still to handle), oldest first; the link is
  // dead afterwards. Of what may or may not have come to the receiver's program before that ended
  // nothing is returned: deliveries of those have failed.
  struct Orphan {
    std::vector<std::byte> record;
    Obligation obligation;
  };
  [[nodiscard]] std::vector<Orphan> mark_dead(const OnSettled& settled);

  // Gives a receiver up that lives but is too slow: what is published stays for it to read, what
  // waits in this process is returned, as from mark_dead(); then the link is dead. What is owed
  // about messages that it may still take is told to `unknown`.
  [[nodiscard]] std::vector<Orphan> disconnect(
      const OnSettled& settled, const std::function<void(const Obligation& owed)>& unknown);

  // A send was refused for want of room, and the program waits to be told of room.
  bool refused = false;
  // Messages not sent for want of room since the program was last told.
  std::uint64_t dropped = 0;
  // make_progress() has something to find, and nobody will wake the control thread for it.
  bool progress_due = false;
  // How far the endpoint is with introducing this link.
  enum class Introduction : std::uint8_t { AwaitsController, Retry, Sent };
  Introduction introduction = Introduction::AwaitsController;
  // Published since the last ring_if_asleep, in messages and bytes.
  std::uint32_t unrung_messages = 0;
  std::uint64_t unrung_bytes = 0;
  bool in_dirty_list = false;
  std::uint32_t rings_this_turn = 0;
  std::uint32_t put_this_turn = 0;

 private:
  // An obligation at its place in the link's order of messages.
  struct Tracked {
    std::uint64_t serial = 0;
    // Ring position after its record, kNoPosition while it is queued.
    std::uint64_t position = kNoPosition;
    // Nobody waits for its end; kept apart, because parts of the obligation may be gone already.
    bool quiet = false;
    // The receiver has said what became of it before its positions did.
    bool settled = false;
    Obligation obligation;
    // The record, kept when its receiver may die between taking and handling it.
    std::vector<std::byte> copy;
  };

  // A memory region that the receiver has mapped, or is to get again.
  struct KnownMemory {
    std::uint64_t id = 0;
    std::weak_ptr<MemoryRegion> region;
    RegionLedger::Slot flight = 0;
    bool given = false;
    // Mentions in messages that wait for room in the ring: they are to find their slot.
    std::size_t waiting = 0;
  };

  // The kernel objects of a new link.
  struct Parts {
    std::unique_ptr<SharedMemory> ring_memory;
    std::unique_ptr<SharedMemory> consumer_memory;
    std::unique_ptr<Doorbell> doorbell;
    std::unique_ptr<Channel> channel;
    std::vector<Handle> introduction;
  };
  [[nodiscard]] static Result<Parts> create_parts(Platform& platform, std::uint32_t peer_pid,
                                                  std::uint64_t ring_bytes);
  OutboundLink(Platform& platform, Parts parts, std::uint64_t self_id, std::uint64_t peer_id,
               std::uint32_t peer_pid, std::uint64_t link_id, const Room& room);

  void track(const OutgoingMessage& message, const Obligation* obligation);
  void untrack_last(const Obligation* obligation);
  [[nodiscard]] bool publish_latest(const OutgoingMessage& message, const Obligation* obligation);
  [[nodiscard]] bool queue_behind(const PlainMessage& message);
  void end_reservation() noexcept;
  void abandon_reservation() noexcept;
  [[nodiscard]] bool has_queue_room(std::uint64_t bytes) noexcept;
  [[nodiscard]] bool has_spill_room(std::uint64_t spill_bytes) const noexcept;
  [[nodiscard]] bool has_object_room(std::size_t objects) const noexcept;
  void release_taken() noexcept;
  // Lets go of what the message carried beside its record.
  void release(Obligation& obligation) noexcept;
  // Gives the receiver what the record of message `id` will refer to. False: try again later.
  [[nodiscard]] bool hand_over(const Obligation& obligation, std::uint64_t id);
  [[nodiscard]] bool hand_over_objects(const ObjectBundle& objects, std::uint64_t id);
  [[nodiscard]] bool may_give(std::size_t objects) noexcept;
  [[nodiscard]] bool send_on_channel(const LinkFrame& frame,
                                     std::span<const Handle* const> handles);
  [[nodiscard]] bool publish_now(const OutgoingMessage& message, const Obligation* obligation);
  [[nodiscard]] bool publish_front();
  [[nodiscard]] bool hand_over_spill(const Spill& spill);
  void repeat_lost_spill();
  [[nodiscard]] bool hand_over_memory(const RegionBundle& bundle);
  [[nodiscard]] bool give(const std::shared_ptr<MemoryRegion>& region);
  [[nodiscard]] bool open_flight(const std::shared_ptr<MemoryRegion>& region, KnownMemory& known);
  void forget_if_replaced(const MemoryRegion& region);
  void book(const RegionBundle& bundle);
  [[nodiscard]] KnownMemory* find_memory(std::uint64_t id) noexcept;
  void forget_idle_memory(const RegionBundle& needed);
  [[nodiscard]] bool is_idle(const KnownMemory& known) const;
  void forget_memory(KnownMemory& known);
  void note_waiting(const RegionBundle* bundle, int change);
  void on_lost_memory(std::uint64_t id, std::uint64_t references);
  void drop_taken_quiet() noexcept;
  // The obligation of the message that will be published next, if it has one.
  [[nodiscard]] Tracked* next_tracked() noexcept;
  void note_published(std::uint64_t position) noexcept;
  void forget_oldest_spill();
  void send_forgets();
  static void claim_memory(std::vector<Orphan>& orphans);
  void reclaim_memory(std::vector<Orphan>& orphans);
  void collect_unhandled(std::vector<Orphan>& out);
  void collect_untaken(std::vector<Orphan>& out, const OnSettled& settled);
  void collect_queued(std::vector<Orphan>& out);
  void collect_latest(std::vector<Orphan>& out);
  void flush_latest();
  void settle(const OnSettled& settled);
  void settle_taken(Tracked tracked, const OnSettled& settled);
  void read_outcomes(const OnSettled& settled);
  void settle_one(Tracked& tracked, Status status, const OnSettled& settled);
  [[nodiscard]] Tracked* find_published(std::uint64_t position) noexcept;
  [[nodiscard]] bool arm_wakes() noexcept;

  Platform& platform_;
  std::uint64_t self_id_;
  std::uint64_t peer_id_;
  std::uint32_t peer_pid_;
  std::uint64_t link_id_;
  std::uint64_t queue_limit_;
  State state_ = State::Introducing;

  // The mappings outlive the producer that points into them.
  std::shared_ptr<SharedMemory> ring_memory_;
  std::unique_ptr<SharedMemory> consumer_memory_;
  std::unique_ptr<Doorbell> doorbell_;
  std::unique_ptr<Channel> channel_;
  // Copies for (repeated) introductions: ring, consumer segment, doorbell, the receiver's end of
  // the channel.
  std::vector<Handle> introduction_;
  RingProducer producer_;
  // Somebody writes at the ring's end; what is sent meanwhile queues.
  bool reserved_ = false;
  RecordQueue queue_;
  LatestValues<Obligation> latest_;

  // Messages accepted and published so far; their difference is what queues.
  std::uint64_t accepted_ = 0;
  std::uint64_t published_ = 0;
  // In the order of serials; most messages have none. The first `tracked_published_` of them are in
  // the ring.
  std::deque<Tracked> tracked_;
  std::size_t tracked_published_ = 0;
  // Of those in the ring, the ones that somebody waits for.
  std::size_t loud_published_ = 0;
  bool quiet_armed_ = false;
  // Taken, not yet handled.
  std::deque<Tracked> unhandled_;
  // The wake-up asked for and not yet come.
  std::uint64_t armed_taken_ = kNoPosition;
  std::uint64_t armed_handled_ = kNoPosition;
  // Spills whose memory the receiver was given.
  std::vector<std::uint64_t> known_spills_;
  // One that the receiver asks for again; 0 for none.
  std::uint64_t lost_spill_ = 0;
  // It has just asked.
  bool repeats_later_ = false;
  // Payload bytes in spills that the receiver has not taken yet.
  std::uint64_t spilled_bytes_ = 0;
  std::size_t spills_in_flight_ = 0;
  // Kernel objects of messages that the receiver has not taken yet.
  std::size_t objects_in_flight_ = 0;
  // The queue waits until the receiver has taken some.
  bool objects_wait_ = false;
  std::vector<KnownMemory> known_memory_;
  // Process token of the receiver; 0: not asked for yet.
  std::uint64_t peer_token_ = 0;
  // ForgetSpill and ForgetMemory that the channel had no room for.
  std::vector<LinkFrame> forgets_;
  bool wants_writable_ = false;
  bool wants_retry_ = false;
};

inline bool OutboundLink::put_now(const PlainMessage& message) noexcept {
  if (!queue_.empty() || reserved_) return queue_behind(message);
  const auto bytes = static_cast<std::uint32_t>(sizeof(RecordHeader) + message.payload.size());
  std::byte* place = producer_.reserve(bytes);
  if (place == nullptr) return false;
  write_plain_record(message, place);
  (void)producer_.commit(bytes);
  if (++put_this_turn <= kPublishedAtOnce || producer_.unpublished() >= kPublishBytes)
    producer_.publish();
  // Nothing queues, so every obligation is published and this message is the next in line.
  ++accepted_;
  ++published_;
  unrung_bytes += bytes;
  ++unrung_messages;
  return true;
}

}  // namespace busbar
