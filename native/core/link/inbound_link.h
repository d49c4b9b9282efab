// InboundLink: the receiving end of one link. Everything that comes over it is a peer's word: what
// does not fit ends this link, and only this one. Every call with the endpoint's lock held.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/link/acknowledgements.h"
#include "core/link/arrived_objects.h"
#include "core/link/holdings.h"
#include "core/link/link_frame.h"
#include "core/link/mapped_regions.h"
#include "core/link/mapped_spills.h"
#include "core/link/turn_allowance.h"
#include "core/region/region_table.h"
#include "core/ring/record.h"
#include "core/ring/ring_consumer.h"
#include "core/selector/label.h"
#include "platform/platform.h"

namespace busbar {

class InboundLink {
 public:
  // What a link without spills, objects and regions holds: ring and consumer's segment, doorbell
  // and channel.
  [[nodiscard]] static constexpr Holding own_holding(std::uint64_t ring_bytes) noexcept {
    return {2, 2, ring_bytes};
  }

  // Tells the sender that an introduction, of which these are the handles, is not wanted.
  static void decline(Platform& platform, std::vector<Handle> handles, Status why);
  // Verifies and maps what an introduction brought: ring, consumer segment, doorbell, channel.
  // The doorbell goes to `bells` under `slot`. On failure nothing is left behind, and the sender
  // learns why. Closed: this link was attached before, and is no more, or was given up by its
  // sender. `holdings`: what it has of its peer's, itself included; `turn`: what it may read in a
  // turn. Without them, nothing is limited.
  [[nodiscard]] static Result<std::unique_ptr<InboundLink>> attach(
      Platform& platform, RegionTable& regions, DoorbellSet& bells, std::uint32_t slot,
      std::uint64_t peer_id, std::uint32_t peer_pid, std::uint64_t link_id,
      std::uint64_t ring_bytes, std::vector<Handle> handles, LinkHoldings holdings = {},
      std::shared_ptr<TurnAllowance> turn = nullptr);
  // Hangs up. References that its sender, who is gone, had still under way are counted no more.
  ~InboundLink();
  InboundLink(const InboundLink&) = delete;
  InboundLink& operator=(const InboundLink&) = delete;

  // The link's number in this endpoint, never used again.
  [[nodiscard]] std::uint32_t slot() const noexcept { return slot_; }
  [[nodiscard]] std::uint64_t peer_id() const noexcept { return peer_id_; }
  [[nodiscard]] std::uint32_t peer_pid() const noexcept { return peer_pid_; }
  [[nodiscard]] std::uint64_t link_id() const noexcept { return link_id_; }
  [[nodiscard]] const Channel& channel() const noexcept { return *channel_; }
  [[nodiscard]] RingConsumer& ring() noexcept { return consumer_; }

  // Where the program notes what it gets, and what keeps that mapped.
  struct SeenWord {
    std::shared_ptr<SharedMemory> memory;
    std::atomic<std::uint32_t>* word = nullptr;
  };
  [[nodiscard]] SeenWord seen_word() noexcept { return {consumer_memory_, &consumer_.seen_word()}; }

  // Publishes that the program has everything that was advanced over, or everything up to
  // `position`, and wakes the sender if it waits for that.
  void release() { release(consumer_.head()); }
  void release(std::uint64_t position);
  // Up to where the program has everything.
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }
  // A message whose sender waits until it is handled was advanced over.
  void expect_handled() { acknowledgements_.expect(consumer_.head()); }
  // The message that ends at `position` is handled (Ok), or never will be; the sender learns of it
  // by the next release() or tell_settled().
  void settle(std::uint64_t position, Status status);
  void tell_settled();

  // Reads what the sender said on the channel, as much as one turn takes of one link. Ok: nothing
  // more for now; WouldBlock: there may be more, in the next turn; PeerGone: the sender has left,
  // what it published is still to be read; ProtocolViolation.
  [[nodiscard]] Status receive(Platform& platform) {
    return receive(platform, TurnAllowance::kFramesOfLink);
  }
  // The last receive() found nothing but objects, or nothing at all.
  [[nodiscard]] bool read_objects_only() const noexcept { return read_objects_only_; }
  // Reads what the sender had sent before it published a record that was seen, until everything
  // that goes with the record is here. As receive(); after WouldBlock the record has to wait.
  [[nodiscard]] Status gather(Platform& platform, const Extensions& extensions,
                              std::uint64_t message_id, std::size_t object_count);
  [[nodiscard]] bool sender_gone() const noexcept { return sender_gone_; }

  // The bytes that a gathered record refers to, in memory that the sender can still write; empty
  // when there are none such.
  [[nodiscard]] std::span<const std::byte> spilled(const SpillReference& reference) const noexcept {
    return spills_.bytes(reference);
  }

  // What keeps the bytes that spilled() found mapped, whatever the sender says.
  [[nodiscard]] std::shared_ptr<SharedMemory> spilled_memory(
      const SpillReference& reference) const noexcept {
    return spills_.memory(reference);
  }

  // After spilled() found nothing: asks the sender to give that spill once more, because this
  // process could not take it the first time. False when that is not the reason or cannot help.
  [[nodiscard]] bool ask_again(const SpillReference& reference);

  // The `count` objects of gathered message `id`, the caller's from now on; nullopt when they got
  // lost: this process, or what its peer's process may have of it, was at a limit when they came,
  // or they never did.
  [[nodiscard]] std::optional<std::vector<Handle>> take_objects(std::uint64_t id,
                                                                std::size_t count) {
    return objects_.take(id, count);
  }
  // Appends the regions that a gathered record mentions; they are counted as this process's own
  // from now on, and as under way until the record is released.
  // OutOfDescriptors: some did not fit into this process when they came; the sender knows.
  // ProtocolViolation: it never gave them, or they are not as large as that.
  [[nodiscard]] Status take_regions(const Extensions& extensions,
                                    std::vector<RegionReference>& out);
  // Handles of some datagram were lost at this process's descriptor limit, or at its peer's.
  [[nodiscard]] bool lost_handles() const noexcept { return lost_handles_; }

  // Tells the sender why this end hangs up.
  void refuse(Status why);

  // A frame or an acknowledgement could not be sent because this process lacked something: call
  // repeat_owed() in a moment.
  [[nodiscard]] bool owes() const noexcept { return !owed_.empty() || acknowledgements_.owes(); }
  void repeat_owed();

  // Where the link stands in the receiver's round.
  enum class Round : std::uint8_t {
    // Asleep: the doorbell will tell.
    Asleep,
    // Has, or may have, something to read.
    Ready,
    // Was read empty and has not announced sleep yet.
    Drowsy,
    // Waits for a spill that it has asked for again.
    Stalled,
  };
  Round round = Round::Asleep;
  // Of an observer's link: the lost copies that the program knows of.
  std::uint64_t lost_reported = 0;
  // Where the batch in hand began.
  std::uint64_t batch_from = 0;

 private:
  InboundLink(RegionTable& regions, std::unique_ptr<SharedMemory> ring,
              std::unique_ptr<SharedMemory> consumer, std::unique_ptr<Channel> channel,
              std::uint32_t slot, std::uint64_t peer_id, std::uint32_t peer_pid,
              std::uint64_t link_id, std::uint64_t ring_bytes, LinkHoldings holdings,
              std::shared_ptr<TurnAllowance> turn);

  void tell(const LinkFrame& frame);
  using Take = Result<Datagram> (Channel::*)();
  [[nodiscard]] Status receive(Platform& platform, std::size_t most);
  [[nodiscard]] Status receive_one(Platform& platform, Take take);
  [[nodiscard]] bool may_read(std::size_t left) noexcept {
    return left > 0 && (turn_ == nullptr || turn_->take());
  }
  [[nodiscard]] bool has_all(const Extensions& extensions, std::uint64_t message_id,
                             std::size_t object_count) const noexcept;
  [[nodiscard]] bool accept(Platform& platform, Datagram datagram);
  [[nodiscard]] bool kept(Arrival arrival) noexcept;
  void tell_lost(const Extensions& extensions);
  [[nodiscard]] bool publish_settled();

  std::uint32_t slot_;
  std::uint64_t peer_id_;
  std::uint32_t peer_pid_;
  std::uint64_t link_id_;
  // The mappings outlive the consumer that points into them.
  std::unique_ptr<SharedMemory> ring_memory_;
  std::shared_ptr<SharedMemory> consumer_memory_;
  std::unique_ptr<Channel> channel_;
  RingConsumer consumer_;
  Acknowledgements acknowledgements_;
  // Everything up to here is the program's; published unless an acknowledgement holds it.
  std::uint64_t taken_ = 0;
  LinkHoldings holdings_;
  std::shared_ptr<TurnAllowance> turn_;
  MappedSpills spills_;
  MappedRegions regions_;
  ArrivedObjects objects_;
  // In their order; of wakes one is enough.
  std::deque<LinkFrame> owed_;
  bool lost_handles_ = false;
  bool sender_gone_ = false;
  bool read_objects_only_ = true;
};

}  // namespace busbar
