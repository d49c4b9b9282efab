// Obligations: what is owed about the messages of one link, in their order: which the receiver has
// taken and handled, what that releases, and when to be woken for more. It reads the receiver's
// positions in the ring and writes no record. Every call with the endpoint's lock held.
//
//   track ──> queued ──note_published──> published ──taken──┬──> settled
//                                                           └──> unhandled ──handled──> settled
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/link/link_frame.h"
#include "core/link/obligation.h"
#include "core/link/spill_use.h"
#include "core/ring/record.h"
#include "core/ring/ring_producer.h"

namespace busbar {

class Obligations {
 public:
  // Messages with a spill that one receiver may have untaken: bounds the spills, hence
  // descriptors, of a sender.
  static constexpr std::size_t kMaxSpillsInFlight = 32;
  // The same for spills that several messages share. Both together are no more than a receiver
  // keeps mapped (SpillLending::kMaxKnownSpills).
  static constexpr std::size_t kMaxSlabsInFlight = 16;
  // Kernel objects that one receiver may have untaken: bounds what it has open on our behalf. One
  // message may exceed it when none is under way.
  static constexpr std::size_t kMaxObjectsInFlight = 512;
  // Of these, the objects that were given to the receiver, in whose process they are open from then
  // on: it may have no more than 256 descriptors. The others wait in the queue.
  static constexpr std::size_t kMaxObjectsGiven = 64;
  // That many messages with objects or memory regions may have been taken before the sender looks.
  static constexpr std::size_t kMaxQuietUnnoticed = 8;

  // An obligation at its place in the link's order of messages.
  struct Tracked {
    std::uint64_t serial = 0;
    // The message's number.
    std::uint64_t id = 0;
    // Ring position after its record, kNoPosition while it is queued.
    std::uint64_t position = kNoPosition;
    // Nobody waits for its end; kept apart, because parts of the obligation may be gone already.
    bool quiet = false;
    // The receiver has said what became of it before its positions did.
    bool settled = false;
    // Its objects that the receiver was given, until it is known to have taken the message.
    std::uint8_t given = 0;
    Obligation obligation;
    // The record, kept when its receiver may die between taking and handling it.
    std::vector<std::byte> copy;
  };

  // What became of a delivery at this link: Ok, or why the receiver has not taken or handled the
  // message.
  using OnSettled = std::function<void(std::uint64_t delivery, Status status)>;

  // At most `max_spilled_bytes` of spills are in flight, unless a single message has more.
  Obligations(RingProducer& producer, std::uint64_t max_spilled_bytes) noexcept
      : producer_(producer), max_spilled_bytes_(max_spilled_bytes) {}

  // Whether a message with so much beside its record may be accepted now.
  [[nodiscard]] bool has_room(std::uint64_t spill_bytes, std::size_t objects) const noexcept {
    return has_spill_room(spill_bytes) && has_object_room(objects);
  }
  // Half of that room is free.
  [[nodiscard]] bool relaxed() const noexcept {
    return spills_relaxed() && objects_in_flight_ <= kMaxObjectsInFlight / 2;
  }
  // Payload bytes in spills that the receiver has not taken yet.
  [[nodiscard]] std::uint64_t spilled_bytes() const noexcept {
    return spilled_bytes_ + shared_bytes_;
  }
  // Of these, the ones in spills that several messages share.
  [[nodiscard]] std::uint64_t shared_bytes() const noexcept { return shared_bytes_; }
  // Whether another message may lie in a spill that it shares.
  [[nodiscard]] bool may_share() const noexcept { return use_.shared() < kMaxSlabsInFlight; }
  // The messages whose objects may be given to the receiver now, together: the next one to be
  // published, which has some, and others of those that queue behind it. None: arm() waits until
  // the receiver has taken some.
  [[nodiscard]] std::span<Tracked* const> givable() noexcept;
  // The receiver was given the objects of this message.
  void note_given(Tracked& tracked) noexcept;
  // A spill that some message needs that is not taken yet; nullptr when none does.
  [[nodiscard]] const Spill* find_spill(std::uint64_t id) const noexcept { return use_.find(id); }
  // A spill or region of the next message cannot be given to the receiver before it has taken some.
  void await_taken() noexcept { others_wait_ = true; }

  // `serial` counts the messages that the link has accepted; most of them owe nothing and are
  // not tracked.
  void track(std::uint64_t serial, const OutgoingMessage& message, const Obligation& obligation);
  void untrack_last() noexcept;
  // That of message `serial`, the next one to be published; nullptr when it owes nothing.
  [[nodiscard]] Tracked* next(std::uint64_t serial) noexcept {
    if (tracked_published_ == tracked_.size()) return nullptr;
    Tracked& candidate = tracked_[tracked_published_];
    return candidate.serial == serial ? &candidate : nullptr;
  }
  void note_published(std::uint64_t serial, std::uint64_t position) noexcept {
    if (Tracked* tracked = next(serial); tracked != nullptr) note_published(*tracked, position);
  }

  // Messages that the receiver has taken are room again at once, not only when the control thread's
  // turn comes; the rest waits for settle().
  void release_taken() noexcept;
  // So that a sender of nothing but attachments keeps no list of all it ever sent. At least
  // `unnoticed` messages have to be published. True when there were any.
  bool drop_taken_quiet(std::size_t unnoticed = kMaxQuietUnnoticed) noexcept {
    return tracked_published_ >= unnoticed && tracked_.front().quiet && drop_quiet();
  }
  // After the producer has looked at the receiver's position: calls `settled` for each delivery
  // that has an outcome now.
  void settle(const OnSettled& settled);
  void settle_one(Tracked& tracked, Status status, const OnSettled& settled);

  // Asks to be woken when what is nearest is reached: what somebody waits for here, or position
  // `taken` of the ring. False when that was reached meanwhile.
  [[nodiscard]] bool arm(std::uint64_t taken) noexcept;
  // The receiver has woken us.
  void on_wake() noexcept;
  // Published messages that nobody waits for and that may be taken by now, unnoticed.
  [[nodiscard]] bool has_quiet() const noexcept { return tracked_published_ > loud_.size(); }
  // From now on the receiver wakes us for quiet messages, once.
  void arm_quiet() noexcept { quiet_armed_ = true; }
  [[nodiscard]] bool quiet_armed() const noexcept { return quiet_armed_; }

  // For the end of the link. Taken, not yet handled:
  [[nodiscard]] std::deque<Tracked> take_unhandled() noexcept;
  // The oldest published one, if it ends at `position`, or wherever it ends.
  [[nodiscard]] std::optional<Tracked> take_published(std::uint64_t position) noexcept;
  [[nodiscard]] std::optional<Tracked> take_published() noexcept;
  // That of the queued message `serial`, the next one in line.
  [[nodiscard]] std::optional<Obligation> take_queued(std::uint64_t serial) noexcept;
  void clear() noexcept {
    tracked_.clear();
    objects_given_ = 0;
    known_taken_ = 0;
    loud_.clear();
    use_.clear();
  }

 private:
  [[nodiscard]] bool has_spill_room(std::uint64_t spill_bytes) const noexcept {
    return spill_bytes == 0 || use_.single() == 0 ||
           (use_.single() < kMaxSpillsInFlight &&
            spilled_bytes_ + spill_bytes <= max_spilled_bytes_);
  }
  [[nodiscard]] bool spills_relaxed() const noexcept {
    return use_.single() <= kMaxSpillsInFlight / 2 && spilled_bytes_ <= max_spilled_bytes_ / 2 &&
           use_.shared() <= kMaxSlabsInFlight / 2 && shared_bytes_ <= max_spilled_bytes_ / 2;
  }
  [[nodiscard]] std::uint64_t& bytes_of(const Spill& spill) noexcept {
    return spill.shared() ? shared_bytes_ : spilled_bytes_;
  }
  [[nodiscard]] bool has_object_room(std::size_t objects) const noexcept {
    return objects == 0 || objects_in_flight_ == 0 ||
           objects_in_flight_ + objects <= kMaxObjectsInFlight;
  }
  void note_published(Tracked& tracked, std::uint64_t position) noexcept;
  bool drop_quiet() noexcept;
  [[nodiscard]] bool has_giving_room(std::size_t objects) const noexcept {
    return objects_given_ == 0 || objects_given_ + objects <= kMaxObjectsGiven;
  }
  [[nodiscard]] bool may_give(std::size_t objects) noexcept;
  // The receiver has this message's objects no more, or has taken it.
  void end_giving(Tracked& tracked) noexcept;
  [[nodiscard]] Tracked pop_published() noexcept;
  // Releases what the message carried beside its record.
  void release(Obligation& obligation) noexcept;
  void settle_taken(Tracked tracked, const OnSettled& settled);
  void read_outcomes(const OnSettled& settled);
  [[nodiscard]] Tracked* find_published(std::uint64_t position) noexcept;

  RingProducer& producer_;
  const std::uint64_t max_spilled_bytes_;
  // In the order of serials. The first `tracked_published_` of them are in the ring.
  std::deque<Tracked> tracked_;
  std::size_t tracked_published_ = 0;
  // Where those of them end that somebody waits for.
  std::deque<std::uint64_t> loud_;
  // Taken, not yet handled.
  std::deque<Tracked> unhandled_;
  // Of payloads with a spill of their own, and of those that share one.
  std::uint64_t spilled_bytes_ = 0;
  std::uint64_t shared_bytes_ = 0;
  SpillUse use_;
  // Kernel objects of messages that the receiver has not taken yet.
  std::size_t objects_in_flight_ = 0;
  // Of these, what the receiver was given. The first `known_taken_` messages are not counted any
  // more.
  std::size_t objects_given_ = 0;
  std::size_t known_taken_ = 0;
  std::array<Tracked*, kMaxObjectShares> givable_{};
  // The queue waits until the receiver has taken some.
  bool objects_wait_ = false;
  bool others_wait_ = false;
  bool quiet_armed_ = false;
  // The wake-up asked for and not yet come.
  std::uint64_t armed_taken_ = kNoPosition;
  std::uint64_t armed_handled_ = kNoPosition;
};

}  // namespace busbar
