// OutboundLink: the sending end of one link: ring, the queue behind it, and channel. The debts
// about its messages are in Obligations, the memory that the receiver maps in SpillLending and
// RegionFlights. Every call with the endpoint's lock held.
//
//   put ──> ring ──────────────> taken by the receiver ──> handled by its program
//    └────> queue ──flush──┘
//
//   Introducing ──on_attached──> Attached ──mark_dead──> Dead
//        └──────────────mark_dead──────────────────────────┘
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/link/latest_values.h"
#include "core/link/link_channel.h"
#include "core/link/obligations.h"
#include "core/link/region_flights.h"
#include "core/link/spill_lending.h"
#include "core/link/turn_allowance.h"
#include "core/ring/observation.h"
#include "core/ring/record.h"
#include "core/ring/record_queue.h"
#include "core/ring/ring_producer.h"
#include "platform/platform.h"

namespace busbar {

class OutboundLink {
 public:
  // The first messages of a turn are visible to the receiver at once; in a burst, what follows is
  // published together when it comes to so many bytes, or at the end of the turn.
  static constexpr std::uint32_t kPublishedAtOnce = 4;
  static constexpr std::uint64_t kPublishBytes = 2048;
  // Later messages with kernel objects wait for one another, up to so many or the end of the turn:
  // their objects go in one datagram.
  static constexpr std::uint32_t kGathered = kMaxObjectShares;

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
  [[nodiscard]] const Channel& channel() const noexcept { return channel_.channel(); }
  [[nodiscard]] SpillLending& spills() noexcept { return spills_; }
  [[nodiscard]] RegionFlights& flights() noexcept { return flights_; }

  // For a receiver that seems to be gone before it attached: true when it cannot attach any more.
  // Else it has attached, and its channel reports its end.
  [[nodiscard]] bool revoke() noexcept;

  // The handles of an introduction in their order; empty once attached.
  [[nodiscard]] std::vector<const Handle*> introduction_handles() const;

  // Whether a record of `bytes`, whose payload takes `spill_bytes` of a spill (0: none) and which
  // has `objects` kernel objects, would be taken now. A queue of nothing takes any record.
  [[nodiscard]] bool has_room(std::uint64_t bytes, std::uint64_t spill_bytes, std::size_t objects);
  // The common case of put(): a message that owes nothing, straight into the ring, or the queue if
  // others wait there already. False when it has to be put(). To be followed by end_turn().
  [[nodiscard]] bool put_now(const SimpleMessage& message) noexcept;
  // The least payload that shares a spill rather than wait in this process's memory, from where it
  // would be copied once more. For smaller ones that copy costs less than what a spill leaves to
  // do.
  static constexpr std::size_t kLeastShared = 4U << 10U;
  // Whether a record with a payload of `payload_bytes` would have to wait in this process's memory.
  [[nodiscard]] bool would_queue(std::size_t payload_bytes) noexcept {
    const auto most = static_cast<std::uint32_t>(sizeof(RecordHeader) + payload_bytes);
    return (!queue_.empty() && gathered_ == 0) || reserved_ || producer_.reserve(most) == nullptr;
  }
  // Whether such a payload may lie in a spill that others share: what waits for the receiver stays
  // within the queue's limit.
  [[nodiscard]] bool may_share(std::size_t payload_bytes) noexcept;
  // Takes the message; only after has_room().
  void put(const OutgoingMessage& message, const Obligation* obligation);
  // Whether a record of `bytes` with this key would be taken now.
  [[nodiscard]] bool has_room_for(std::string_view key, std::uint64_t bytes);
  // As put(), but while an earlier message of this key is untaken, it waits, and only the newest
  // does. Returns what is owed about the one whose place it took. Only after has_room_for().
  [[nodiscard]] std::optional<Obligation> put_latest(std::string_view key,
                                                     const OutgoingMessage& message,
                                                     const Obligation* obligation);
  // Room in the ring for the payload of one message without attachments, or nullptr; nothing else
  // is published before it is committed or cancelled. The memory stays mapped for as long as the
  // caller keeps ring_memory().
  [[nodiscard]] std::byte* reserve_payload(std::size_t payload_bytes,
                                           std::size_t metadata_bytes = 0) noexcept;
  // `message` has the payload that was written there, at `payload`, as much metadata as was said,
  // and answers no other.
  void commit_reserved(const SimpleMessage& message, std::byte* payload) noexcept;
  void cancel_reserved() noexcept;
  [[nodiscard]] const std::shared_ptr<SharedMemory>& ring_memory() const noexcept {
    return ring_memory_;
  }

  // For the link of an observer: a copy goes into the ring now or nowhere. When the ring is full,
  // all copies are lost until the observer has read half of it: looking at a receiver's position
  // for each message would cost others more. At most `max_payload` bytes of the payload are copied,
  // and no record is larger than a quarter of the ring. True when it went; to be followed by
  // end_turn().
  [[nodiscard]] bool put_copy(const ObservedMessage& message, std::uint64_t max_payload) noexcept;
  // Copies go nowhere for now: count one with lose().
  [[nodiscard]] bool copies_full() const noexcept { return copies_full_; }
  void lose(std::uint64_t copies = 1) noexcept { producer_.set_lost(lost_ += copies); }

  // Published since the receiver was rung last, in messages and bytes, spilled ones included.
  [[nodiscard]] std::uint32_t unrung_messages() const noexcept { return unrung_messages_; }
  [[nodiscard]] std::uint64_t unrung_bytes() const noexcept { return unrung_bytes_; }
  // Publishes what is written and rings the receiver if it sleeps; true when it did.
  bool ring_if_asleep() noexcept;
  // In the middle of a turn: the same if a cheap look, which may be mistaken, finds it asleep.
  bool ring_if_seems_asleep() noexcept;
  // The end of the program's turn: the same, and tells the receiver that its sender runs on `cpu`.
  // True if messages waited for it.
  bool end_turn(std::uint32_t cpu) noexcept;

  // Bytes that the receiver has not taken, queue and spills included.
  [[nodiscard]] std::uint64_t unread() noexcept;
  [[nodiscard]] std::uint64_t queued_messages() const noexcept {
    return accepted_ - published_ - (reserved_ ? 1 : 0) + latest_.size();
  }
  // Nothing was published that the receiver has not taken.
  [[nodiscard]] bool idle() noexcept { return unread() == 0; }
  // Nothing waits in the sender's memory any more, unless for the end of the turn.
  [[nodiscard]] bool flushed() const noexcept {
    return (queue_.empty() || gathered_ != 0) && latest_.empty();
  }
  // Flushed, and large payloads have room again.
  [[nodiscard]] bool relaxed() const noexcept { return flushed() && obligations_.relaxed(); }

  using OnSettled = Obligations::OnSettled;

  // Looks how far the receiver is: calls `settled` for each delivery that has an outcome now,
  // releases what was taken, moves the queue and asks for the next wake-up. False when the receiver
  // wrote nonsense: mark it dead.
  [[nodiscard]] bool make_progress(const OnSettled& settled);
  // make_progress() has something to find, and nobody will wake the control thread for it.
  [[nodiscard]] bool progress_due() const noexcept { return progress_due_; }

  // A frame that could not be sent waits for the channel to be writable.
  [[nodiscard]] bool wants_writable() const noexcept { return channel_.wants_writable(); }
  void clear_wants_writable() noexcept { channel_.clear_wants_writable(); }
  // Something failed because a resource ran out (descriptors, say): call make_progress again in a
  // while.
  [[nodiscard]] bool wants_retry() const noexcept { return channel_.wants_retry(); }

  // See Obligations.
  [[nodiscard]] bool has_quiet() const noexcept { return obligations_.has_quiet(); }
  void arm_quiet() noexcept { obligations_.arm_quiet(); }
  [[nodiscard]] bool quiet_armed() const noexcept { return obligations_.quiet_armed(); }

  struct Received {
    // make_progress() has something to find.
    bool progress = false;
    bool attached = false;
    bool gone = false;
    // Ok, or why the receiver hung up.
    Status refused = Status::Ok;
  };
  // Reads what the receiver said on the channel, at most `max_frames`: it can say more as fast as
  // we read. The rest waits for the next turn.
  [[nodiscard]] Received receive(std::size_t max_frames = TurnAllowance::kFramesOfLink);
  void on_attached() noexcept;

  // The endpoint leaves: what is published stays for the receiver to read, and to count.
  void hang_up();

  // The messages that the receiver never took (or was still to handle), oldest first; the link is
  // dead afterwards. Messages that may have come to the receiver's program before it ended are not
  // returned: their deliveries have failed.
  struct Orphan {
    std::vector<std::byte> record;
    Obligation obligation;
  };
  [[nodiscard]] std::vector<Orphan> mark_dead(const OnSettled& settled);

  // Gives up a receiver that lives but is too slow: what is published stays for it to read; the
  // messages that wait in this process are returned, as from mark_dead(); then the link is dead.
  // `unknown` gets what is owed about messages that the receiver may still take.
  [[nodiscard]] std::vector<Orphan> disconnect(
      const OnSettled& settled, const std::function<void(const Obligation& owed)>& unknown);

 private:
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

  [[nodiscard]] bool has_queue_room(std::uint64_t bytes) noexcept;
  // What waits for a slow receiver, in the queue and in shared spills.
  [[nodiscard]] std::uint64_t waiting_bytes() const noexcept {
    return queue_.bytes() + obligations_.shared_bytes();
  }
  void track(const OutgoingMessage& message, const Obligation* obligation);
  void untrack_last(const Obligation* obligation);
  // Moves queued records into the ring as far as there is room. True when something moved.
  bool flush_queue();
  [[nodiscard]] bool gathers(const Obligation* obligation, std::uint64_t bytes) noexcept;
  void send_gathered();
  void await_progress();
  [[nodiscard]] bool publish_front();
  [[nodiscard]] bool publish_now(const OutgoingMessage& message, const Obligation* obligation);
  void note_published(std::uint32_t bytes, std::uint64_t spilled) noexcept;
  [[nodiscard]] bool publish_latest(const OutgoingMessage& message, const Obligation* obligation);
  void flush_latest();
  [[nodiscard]] bool queue_behind(const SimpleMessage& message);
  void end_reservation() noexcept;
  void abandon_reservation() noexcept;
  [[nodiscard]] std::byte* reserve_for_copy(std::uint32_t bytes) noexcept;
  // Gives the receiver what the record of the next message will refer to. False: try again later.
  [[nodiscard]] bool hand_over(Obligations::Tracked& next);
  [[nodiscard]] bool hand_over_objects(const Obligations::Tracked& next);
  // Asks to be woken for the nearest thing waited for. False when that was reached meanwhile.
  [[nodiscard]] bool arm_wakes() noexcept;
  static void claim_memory(std::vector<Orphan>& orphans);
  void collect_untaken(std::vector<Orphan>& out, const OnSettled& settled);
  void collect_queued(std::vector<Orphan>& out);

  std::uint64_t peer_id_;
  std::uint32_t peer_pid_;
  std::uint64_t link_id_;
  std::uint64_t queue_limit_;
  State state_ = State::Introducing;

  // The mappings outlive the producer that points into them.
  std::shared_ptr<SharedMemory> ring_memory_;
  std::unique_ptr<SharedMemory> consumer_memory_;
  std::unique_ptr<Doorbell> doorbell_;
  // Copies for (repeated) introductions: ring, consumer segment, doorbell, the receiver's end of
  // the channel.
  std::vector<Handle> introduction_;
  RingProducer producer_;
  // Somebody writes at the ring's end; what is sent meanwhile queues.
  bool reserved_ = false;
  bool progress_due_ = false;
  // Copies for an observer, which are never queued.
  bool copies_full_ = false;
  std::uint64_t lost_ = 0;
  std::uint32_t put_this_turn_ = 0;
  // The messages in the queue, while they wait for nothing but kGathered or the end of the turn.
  std::uint32_t gathered_ = 0;
  std::uint32_t unrung_messages_ = 0;
  std::uint64_t unrung_bytes_ = 0;
  // Messages accepted and published so far; their difference is what queues.
  std::uint64_t accepted_ = 0;
  std::uint64_t published_ = 0;
  RecordQueue queue_;
  LatestValues<Obligation> latest_;

  LinkChannel channel_;
  Obligations obligations_;
  SpillLending spills_;
  RegionFlights flights_;
};

// Inline, so that the message is not written to the stack and read from there again.
[[gnu::always_inline]] inline bool OutboundLink::put_now(const SimpleMessage& message) noexcept {
  if (!queue_.empty() || reserved_) [[unlikely]] {
    // A copy: `message` stays in registers as long as no call needs its address.
    return message.payload.size() < kLeastShared && queue_behind(SimpleMessage(message));
  }
  const std::uint32_t extra = extension_bytes(message);
  const auto bytes =
      static_cast<std::uint32_t>(sizeof(RecordHeader) + extra + message.payload.size());
  std::byte* place = producer_.reserve(bytes);
  if (place == nullptr) return false;
  write_simple_record(message, extra, place);
  (void)producer_.commit(bytes);
  if (++put_this_turn_ <= kPublishedAtOnce || producer_.unpublished() >= kPublishBytes)
    producer_.publish();
  // Nothing queues, so every obligation is published and this message is the next in line.
  ++accepted_;
  ++published_;
  unrung_bytes_ += bytes;
  ++unrung_messages_;
  return true;
}

}  // namespace busbar
