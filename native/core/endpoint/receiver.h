// Receiver: the receiving half of an endpoint: all inbound links, read in turn, in batches, into
// the caller's slab. Every call with the endpoint's lock held.
//
//   Asleep ──doorbell──> Ready ──read empty──> Drowsy ──sleep()──> Asleep
//                          ^──────something came─────┘
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/directory/directory_reader.h"
#include "core/endpoint/believed_origins.h"
#include "core/endpoint/peer_holdings.h"
#include "core/link/inbound_link.h"
#include "core/link/turn_allowance.h"
#include "platform/platform.h"

namespace busbar {

// Where one received message lies and what its header said; everything is a private copy.
struct ReceivedMessage {
  std::uint32_t link_slot = 0;
  std::uint64_t from_id = 0;
  // In the batch's slab, 8-aligned.
  std::uint32_t offset = 0;
  std::uint32_t payload_bytes = 0;
  RecordHeader header;
  // 0 when it answers nothing.
  std::uint64_t reply_to = 0;
  // Encoded origin in the slab, 0 bytes when the sender speaks for itself; of a message that is not
  // in the slab, Receiver::last_origin().
  std::uint32_t origin_offset = 0;
  std::uint32_t origin_bytes = 0;
  // Directly behind the payload and its padding in the slab; of a message that is not in the slab,
  // Receiver::last_metadata(). 0: none.
  std::uint32_t metadata_bytes = 0;
  // Names the message, with the slot, for Receiver::settle().
  std::uint64_t position = 0;

  // Its sender waits for what becomes of it.
  [[nodiscard]] bool awaited() const noexcept {
    return (header.flags & (record_flag::kWantsTaken | record_flag::kWantsHandled)) != 0;
  }
  // The message's kernel objects.
  std::vector<Handle> objects;
  // It had objects, and they got lost: this process was at its descriptor limit.
  bool objects_lost = false;
  // The message's memory regions, in the sender's order.
  std::vector<RegionReference> regions;
  // It had regions, and this process had no room for them.
  bool regions_lost = false;
};

struct ReceiveBatch {
  // Filled from its start. At least large_from and Receiver::kBesideBytes.
  std::span<std::byte> slab;
  std::span<ReceivedMessage> messages;
  // Payloads from this size on get a buffer of their own instead of a place in the slab.
  std::uint64_t large_from = 32U << 10U;
  // Results: how many messages were written, and the bytes of the slab that they take; the payload
  // size of the next message if it is from large_from on (take it with receive_large), else 0.
  std::size_t count = 0;
  std::size_t used = 0;
  std::uint64_t large_bytes = 0;
  // The links whose senders have another label since the last batch: peer() returns it.
  std::vector<std::uint32_t> relabelled{};
};

// A peer that broke the protocol; its link is gone.
struct Violation {
  std::uint64_t peer_id = 0;
  std::uint32_t peer_pid = 0;
  Status status = Status::ProtocolViolation;
};

class Receiver {
 public:
  // The most that goes with a payload: its origin, its metadata, their padding.
  static constexpr std::size_t kBesideBytes = 4U << 10U;
  // One link's share of a round, so that a fast sender does not starve the others.
  static constexpr std::size_t kRoundMessages = 128;
  static constexpr std::size_t kRoundBytes = 128U << 10U;
  // Links of one peer whose sender is there: one, and the one that takes its place.
  static constexpr std::size_t kMaxLinksOfPeer = 2;

  struct Events {
    // Its sender has left, but what it published is still to be read: its channel has nothing more
    // to tell.
    std::function<void(InboundLink& link)> on_sender_gone;
    // A link is gone: its sender left and everything was read, or it broke the protocol.
    std::function<void(std::unique_ptr<InboundLink> link)> on_closed;
    std::function<void(const Violation& violation)> on_violation;
    // A frame to a sender did not fit its channel: call repeat_owed() in a moment.
    std::function<void()> on_owing;
  };

  Receiver(Platform& platform, RegionTable& regions, DoorbellSet& bells,
           std::uint64_t max_message_bytes, std::uint64_t max_links, Events events);

  // Attaches an introduced link and makes it ready. Repeated introductions of a known link are
  // ignored (nullptr). LimitExceeded, which the sender hears of: there are too many, or the
  // peer's process makes us hold too much, or this peer has too many, which is a violation.
  [[nodiscard]] Result<InboundLink*> attach(const Member& from, std::uint64_t link_id,
                                            std::uint64_t ring_bytes, std::vector<Handle> handles);
  // From now on, before anything is attached: this endpoint is an observer. It reads observations
  // (the payload of a ReceivedMessage is an ObservationHead and what follows it), and nothing else.
  void observe() noexcept { observing_ = true; }
  // From now on, before anything is attached: the program notes each message that it gets in the
  // seen_word() of its link. Borrowed messages are noted already.
  void keep_seen() noexcept { seen_kept_ = true; }
  // A turn of the control thread begins.
  void begin_turn() noexcept { turn_->renew(); }
  // The channel of `slot` has something to say. True if that was nothing, or nothing but what the
  // program's thread reads itself when it comes to the record.
  bool on_channel(std::uint32_t slot);

  // Collects the doorbells that rang. True when there may be something to read.
  [[nodiscard]] bool collect_bells();

  // Call taken() for the messages that it returns before the next call.
  void receive(ReceiveBatch& batch);
  // The message that ended the last batch, of `bytes` (batch.large_bytes), where it lies; nothing
  // else may be received before finish_large(). False when it is gone after all.
  [[nodiscard]] bool borrow_large(std::size_t bytes, ReceivedMessage& out,
                                  std::span<const std::byte>& out_payload);
  // It is copied, and about to come to the program; to be followed by taken().
  void finish_large();

  // The program has all that was received but the last `waiting` messages, which wait in this
  // process: for their senders they are not taken. `rows` are those received since the last call.
  void taken(std::size_t waiting, std::span<const ReceivedMessage> rows);
  // As taken(), and the program takes no more: what waits is its senders' again, and nothing more
  // is received.
  void hand_back(std::size_t waiting, std::span<const ReceivedMessage> rows);

  // The next message where it lies, in memory that its sender can still write to; nothing else may
  // be received before return_borrowed(). False when there is none.
  [[nodiscard]] bool borrow(ReceivedMessage& out, std::span<const std::byte>& out_payload);
  void return_borrowed();

  // Of the message that receive_large() or borrow() gave last; empty when its sender speaks for
  // itself.
  [[nodiscard]] std::span<const std::byte> last_origin() const noexcept { return origins_.last(); }
  // The same message's metadata, until the next message is received or borrowed.
  [[nodiscard]] std::span<const std::byte> last_metadata() const noexcept { return metadata_; }

  // Looks whether links that were read empty have something again; true when there is something to
  // read. For spinning: touches nothing but their tails.
  [[nodiscard]] bool rouse();
  // Whether all senders of drowsy links ran on another processor than `cpu`.
  [[nodiscard]] bool worth_spinning(std::uint32_t cpu) const noexcept;
  // Announces sleep on all links read empty. False when something came meanwhile.
  [[nodiscard]] bool sleep();

  // The message of `slot` that ends at `position` is handled (Ok), or never will be, and why. In
  // any order. One that its sender waits for only until it is taken can be refused: before it is
  // taken.
  void settle(std::uint32_t slot, std::uint64_t position, Status status);

  // Control thread: sends senders what could not be sent before. False when there is still
  // something.
  [[nodiscard]] bool repeat_owed();

  // Only controllers may send in others' names.
  void set_controller(std::uint64_t id) { origins_.add_controller(id); }
  [[nodiscard]] InboundLink* link(std::uint32_t slot) noexcept;
  // Who sends over the link, as the directory had it when follow() was called last. Outlives the
  // link, because messages do, until forget_peer(). nullptr for an unknown slot.
  [[nodiscard]] const Member* peer(std::uint32_t slot) const noexcept;
  // The peers of which a link is not read to its end.
  [[nodiscard]] std::unordered_set<std::uint64_t> senders() const;
  [[nodiscard]] bool has_link_of(std::uint64_t peer_id) const noexcept;
  // Takes over the labels that senders have by now.
  void follow(const DirectoryReader& directory);
  // The slots of those that have had another one since the last call.
  [[nodiscard]] std::vector<std::uint32_t> take_relabelled();
  void forget_peer(std::uint32_t slot) {
    if (links_.contains(slot)) return;
    peers_.erase(slot);
    relabelled_.erase(slot);
  }
  [[nodiscard]] std::size_t link_count() const noexcept { return links_.size(); }
  // Hangs up all links; what was not read stays visible to its senders as untaken.
  void close_all();

  std::uint64_t received_messages = 0;
  std::uint64_t received_bytes = 0;

 private:
  enum class Step : std::uint8_t { Taken, Empty, BatchFull, Large, Stalled, Violation };

  // Whether another link of `peer_id` may come. May close some that break the protocol.
  [[nodiscard]] bool has_link_room(std::uint64_t peer_id);
  [[nodiscard]] std::size_t living_links(std::uint64_t peer_id) const noexcept;
  void wake(InboundLink& link);
  void begin_batch(InboundLink& link);
  void release(std::uint32_t slot, std::uint64_t position);
  void release_all();
  void read_round(InboundLink& link, ReceiveBatch& batch, std::size_t& slab_used);
  [[nodiscard]] Step take_one(InboundLink& link, ReceiveBatch& batch, std::size_t& slab_used);
  [[nodiscard]] Step take_plain(InboundLink& link, const RingRecord& record, ReceiveBatch& batch,
                                std::size_t& slab_used);
  [[nodiscard]] Step take_extended(InboundLink& link, const RingRecord& record, ReceiveBatch& batch,
                                   std::size_t& slab_used);
  // Into the slab behind the payload, where there is room for both.
  static void write_beside(std::span<const std::byte> metadata, std::span<const std::byte> origin,
                           ReceiveBatch& batch, ReceivedMessage& message, std::size_t& slab_used);
  // Of an observer.
  [[nodiscard]] Step take_observation(InboundLink& link, const RingRecord& record,
                                      ReceiveBatch& batch, std::size_t& slab_used);
  // The copies that the link's sender has lost beyond those that were reported, as a message of its
  // own. Taken: there were some, and they are in the batch.
  [[nodiscard]] Step report_lost(InboundLink& link, std::uint64_t lost, ReceiveBatch& batch,
                                 std::size_t& slab_used);
  [[nodiscard]] Step finish_observed(InboundLink& link, ReceiveBatch& batch,
                                     std::size_t& slab_used);
  [[nodiscard]] bool copy_extensions(const RingRecord& record, Extensions& out);
  // Where the payload of a gathered record lies; its sender can still write there.
  [[nodiscard]] Step find_payload(InboundLink& link, const RingRecord& record,
                                  const Extensions& extensions, std::span<const std::byte>& out);
  // Reads what goes with a record and may still be on the link's channel. BatchFull: the rest comes
  // in the next turn.
  [[nodiscard]] Step gather(InboundLink& link, const RingRecord& record,
                            const Extensions& extensions);
  // False: what goes with it breaks the protocol; nothing was taken.
  [[nodiscard]] bool describe(InboundLink& link, const RingRecord& record,
                              const Extensions& extensions, std::size_t payload_bytes,
                              ReceivedMessage& out);
  // Of a record with nothing beside its payload.
  void describe_plain(InboundLink& link, const RingRecord& record, std::size_t payload_bytes,
                      ReceivedMessage& out);
  static void forget_attachments(ReceivedMessage& out) noexcept;
  void advance_over(InboundLink& link, const RingRecord& record, std::size_t payload_bytes,
                    ReceivedMessage& out);
  [[nodiscard]] static bool take_attachments(InboundLink& link, const RingRecord& record,
                                             const Extensions& extensions, ReceivedMessage& out);
  [[nodiscard]] Step borrow_one(InboundLink& link, ReceivedMessage& out,
                                std::span<const std::byte>& out_payload);
  void put_back(InboundLink& link, Step step);
  [[nodiscard]] bool prepare_sleep(InboundLink& link) const noexcept;
  void note_owing(const InboundLink& link);
  void violate(InboundLink& link, Status why);
  void close(std::uint32_t slot);

  Platform& platform_;
  RegionTable& regions_;
  DoorbellSet& bells_;
  std::uint64_t max_message_bytes_;
  std::uint64_t max_links_;
  Events events_;
  PeerHoldings holdings_;
  std::shared_ptr<TurnAllowance> turn_ = std::make_shared<TurnAllowance>();
  std::unordered_map<std::uint32_t, std::unique_ptr<InboundLink>> links_;
  std::unordered_map<std::uint32_t, Member> peers_;
  std::unordered_set<std::uint32_t> relabelled_;
  std::deque<InboundLink*> ready_;
  std::vector<InboundLink*> drowsy_;
  std::uint32_t next_slot_ = 1;
  BelievedOrigins origins_;
  // Links that messages were received of since taken() was last called.
  std::vector<std::uint32_t> touched_;
  struct HandedOut {
    std::uint32_t slot = 0;
    std::uint64_t position = 0;
  };
  // Messages that wait in this process for the program, oldest first.
  std::deque<HandedOut> waiting_;
  // The program takes no more.
  bool done_ = false;
  bool observing_ = false;
  bool seen_kept_ = false;
  // The link whose next message did not fit into the slab; 0 for none.
  std::uint32_t large_slot_ = 0;
  // The link that a message is borrowed of; 0 for none. If it was closed meanwhile, it stays
  // mapped.
  std::uint32_t borrowed_slot_ = 0;
  std::unique_ptr<InboundLink> borrowed_link_;
  std::shared_ptr<SharedMemory> borrowed_memory_;
  // Extensions of the record in hand, copied out of the ring before they are read.
  std::vector<std::byte> extension_copy_;
  // In that copy: the metadata of the message that was borrowed last.
  std::span<const std::byte> metadata_;
  // Why take_one() said Violation.
  Status violation_ = Status::ProtocolViolation;
};

}  // namespace busbar
