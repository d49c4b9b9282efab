// Sender: the sending half of an endpoint: finds the receivers of a message, writes into their
// links, and sees to it that what a dead receiver had not taken goes to another one, is parked, or
// is reported. Every call with the endpoint's lock held.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/join_options.h"
#include "core/directory/directory_reader.h"
#include "core/endpoint/deliveries.h"
#include "core/endpoint/held_back.h"
#include "core/endpoint/notice.h"
#include "core/endpoint/recipients.h"
#include "core/endpoint/route_table.h"
#include "core/hand_over/kept_messages.h"
#include "core/hand_over/parked_messages.h"
#include "core/link/outbound_link.h"
#include "core/link/spill_pool.h"

namespace busbar {

enum class Acknowledge : std::uint8_t { None, Taken, Handled };

// What becomes of a message for a receiver whose ring and queue are full.
enum class WhenFull : std::uint8_t {
  // QueueFull; then nobody got it.
  Refuse,
  // That receiver does not get it; the others do.
  Drop,
  // That receiver is given up for good: what waits for it in this process goes elsewhere or is
  // reported, and it is sent nothing any more.
  Disconnect,
};

struct SendRequest {
  std::uint32_t route = 0;
  Uuid type;
  std::uint16_t format = 0;
  std::span<const std::byte> payload;
  // How long a message without receiver may wait for one; 0: not at all. At most kMaxTtlMs, for
  // which a longer one is taken.
  std::uint64_t ttl_ms = 0;
  // Message id that this one answers; 0 for none.
  std::uint64_t reply_to = 0;
  Acknowledge acknowledge = Acknowledge::None;
  WhenFull when_full = WhenFull::Refuse;
  // Of the messages with one key, each receiver gets the newest as soon as it has taken the one
  // before; those in between are superseded. Empty: all of them, in order. At most kMaxKeyBytes.
  std::string_view key;
  // Memory that holds the payload already, of spill_pool; null for most.
  std::shared_ptr<const Spill> spilled;
  // At most kMaxObjects; they stay the caller's.
  std::span<const Handle* const> objects;
  // At most kMaxMentions, each within its region, which the caller holds for as long as the call
  // takes.
  std::span<const RegionRange> regions;

  // Something is owed to somebody beyond the bytes themselves.
  [[nodiscard]] bool conditional() const noexcept {
    return ttl_ms != 0 || reply_to != 0 || acknowledge != Acknowledge::None || !objects.empty() ||
           !regions.empty() || !key.empty();
  }
};

struct SendOutcome {
  Error error;
  // Endpoints that took charge of the message.
  std::uint32_t receivers = 0;
  // Names the promise when an acknowledgement was asked for and the message is on its way or
  // parked.
  std::uint64_t delivery = 0;
  // Whom QueueFull is about; 0 where nobody in particular is meant.
  std::uint64_t peer_id = 0;
};

// A place for a payload that is about to be sent.
struct Reservation {
  std::uint32_t route = 0;
  std::span<std::byte> place;

  // 0: not in a ring.
  std::uint64_t link_id = 0;
  // Whatever the place lies in.
  std::shared_ptr<SharedMemory> ring;
  std::shared_ptr<const Spill> spill;
  std::vector<std::byte> own;
};

struct SenderCounters {
  std::uint64_t sent_messages = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t rerouted = 0;
  std::uint64_t undelivered = 0;
  std::uint64_t expired = 0;
  std::uint64_t queue_full = 0;
  std::uint64_t dropped = 0;
  std::uint64_t superseded = 0;
  std::uint64_t disconnected = 0;
};

// What a Sender needs of the endpoint around it.
class SenderHost {
 public:
  virtual ~SenderHost() = default;
  // Introduces the link to its receiver. NoController: not now, the host calls
  // repeat_introductions() when there is one. Other errors: to be tried again soon.
  [[nodiscard]] virtual Error introduce(OutboundLink& link) = 0;
  // Watches the link's channel from now on, on behalf of the control thread.
  virtual void link_opened(OutboundLink& link) = 0;
  // Nothing goes over the link any more. Any thread: it lives until the control thread has stopped
  // watching its channel.
  virtual void link_closed(std::unique_ptr<OutboundLink> link) = 0;
  // The control thread should look at timers and wishes again.
  virtual void needs_attention() = 0;
  virtual void notify(Notice notice) = 0;
};

class Sender {
 public:
  // More than this unrung and a sleeping receiver is rung at once instead of at the end of the
  // turn. Waking costs the sender about 10 us, so both double with each ring in one turn, up to a
  // quarter of the ring.
  static constexpr std::uint32_t kRingAfterMessages = 32;
  static constexpr std::uint64_t kRingAfterBytes = 16U << 10U;

  Sender(Platform& platform, SenderHost& host, const JoinOptions& options);

  // The directory to find receivers in; replaces the former one. Not owned.
  void set_directory(DirectoryReader* directory, std::uint64_t self_id);
  void on_directory_changed();

  [[nodiscard]] RouteTable& routes() noexcept { return routes_; }
  [[nodiscard]] SendOutcome send(const SendRequest& request);
  // Its payload is still to be copied into a spill.
  [[nodiscard]] bool spills(const SendRequest& request) const noexcept {
    return is_large(request.payload.size(), request.regions.size()) && request.spilled == nullptr;
  }
  // That spill, if the message is likely to be accepted, to be filled without the lock, for
  // SendRequest::spilled; else nullptr.
  [[nodiscard]] std::shared_ptr<const Spill> spill_for(const SendRequest& request);
  // The common case of send(): a small message without conditions to one receiver with room in its
  // ring. False when it has to be sent the long way; nothing has happened then.
  [[nodiscard]] bool send_at_once(const SendRequest& request) noexcept;
  // See Endpoint.
  [[nodiscard]] SendOutcome reserve(std::uint32_t route, std::size_t bytes, Reservation& out);
  [[nodiscard]] SendOutcome commit(const Reservation& reservation, const Uuid& type,
                                   std::uint16_t format);
  void cancel(const Reservation& reservation);
  // The endpoints that match now.
  [[nodiscard]] std::vector<std::uint64_t> matches(std::uint32_t route);
  // Rings the receivers that were written to and sleep.
  void flush_bells() noexcept;
  // Owes one Drained notice, told as soon as every link has room again.
  void ask_drained();
  void forget_delivery(std::uint64_t delivery) { deliveries_.forget(delivery); }
  // Whether undelivered messages are told with their content, or only counted.
  void report_undelivered(bool wanted) noexcept { report_undelivered_ = wanted; }

  // Control thread: the link's channel is readable / writable.
  void on_channel(std::uint64_t link_id);
  void on_introduction_failed(std::uint64_t to_id, std::uint64_t link_id, Status why);
  [[nodiscard]] const OutboundLink* find_link(std::uint64_t link_id) const noexcept;
  // Introductions that have not arrived yet are made once more.
  void repeat_introductions();
  // Control thread: receivers unmap the memory regions that this process has unmapped.
  void forget_unmapped();
  // Control thread: when on_deadline wants to be called.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;
  void on_deadline();

  // Links that wait for their channel to be writable; clears the wishes.
  [[nodiscard]] std::vector<OutboundLink*> take_writable_wishes();
  // Some link is not attached yet, or a message waits for somebody to join.
  [[nodiscard]] bool wants_directory_changes() const noexcept;

  // Closing: everything accepted is in a ring whose receiver has it mapped.
  [[nodiscard]] bool settled() const noexcept;
  [[nodiscard]] std::uint64_t queued_messages() const noexcept;
  [[nodiscard]] bool drained() const noexcept;
  [[nodiscard]] ParkedMessages& parked() noexcept { return parked_; }
  [[nodiscard]] KeptMessages& kept() noexcept { return kept_; }
  // There are new ones. Not tried at once: first it is answered that they are kept, or who asks
  // again after this process's end would send again what was sent.
  void try_kept_later();
  // Hangs up all links. What they held is counted as abandoned by the caller.
  void close_all();

  [[nodiscard]] const SenderCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t link_count() const noexcept { return recipients_.size(); }

 private:
  // One message on its way to links: what to write and what is owed.
  struct Dispatch {
    OutgoingMessage message;
    Obligation obligation;
  };

  // Room for what send() may add to a record: reply, expiry, a reference to a spilled payload and
  // the head of the list of regions.
  static constexpr std::uint64_t kMostExtensions = 72;
  [[nodiscard]] static constexpr std::uint64_t most_bytes(std::size_t payload,
                                                          std::size_t regions = 0) noexcept {
    return sizeof(RecordHeader) + kMostExtensions + regions * sizeof(RegionMention) + payload;
  }
  // How long a message's objects and regions may stay open here after its receiver has taken them.
  static constexpr std::chrono::milliseconds kSettleInterval{100};
  // Too large for the ring: goes into a spill.
  [[nodiscard]] bool is_large(std::size_t payload, std::size_t regions = 0) const noexcept {
    return most_bytes(payload, regions) > options_.ring_bytes / 4;
  }
  void introduce(Recipient& to);
  void look_again_if_stale(Route& route);
  [[nodiscard]] Result<Recipient*> recipient_at(const RouteTarget& target);
  [[nodiscard]] Error open_links(std::span<RouteTarget> targets);
  // WouldBlock when there are more than `most` to open.
  [[nodiscard]] Error open_some_links(std::span<RouteTarget> targets, std::size_t most);
  // Room that a message takes of a link at most.
  struct Need {
    std::uint64_t bytes = 0;
    // Of a spill, for a payload that is too large for the ring; else 0.
    std::uint64_t spill_bytes = 0;
  };
  [[nodiscard]] static bool has_room(OutboundLink& link, const SendRequest& request, Need need);
  // The recipient that has too little room for the message, or would make this process hold too
  // much; nullptr when there is room everywhere. Policies other than Refuse leave only targets with
  // room, in `chosen_`.
  [[nodiscard]] Recipient* make_room(const SendRequest& request, Need need,
                                     std::span<const RouteTarget> targets);
  void note_dropped(Recipient& to);
  void disconnect(Recipient& to);
  void send_plain(const SendRequest& request, const Route& route,
                  std::span<const RouteTarget> targets);
  [[nodiscard]] Error send_with_obligations(const SendRequest& request, const Route& route,
                                            std::span<const RouteTarget> targets,
                                            std::uint64_t& out_delivery);
  [[nodiscard]] std::size_t choose(Route& route);
  [[nodiscard]] SendOutcome send_without_receiver(const SendRequest& request, const Route& route);
  [[nodiscard]] Error attach_objects(const SendRequest& request, Dispatch& dispatch);
  static void attach_regions(const SendRequest& request, Dispatch& dispatch);
  // All of these receivers or none. LimitExceeded: too many know one of the regions.
  [[nodiscard]] Error open_flights(std::span<const RegionRange> ranges,
                                   std::span<const RouteTarget> targets);
  [[nodiscard]] Error spill_if_large(Dispatch& dispatch);
  void put(Recipient& to, const Dispatch& dispatch);
  void put_latest(Recipient& to, std::string_view key, const Dispatch& dispatch);
  // What a message that was put leaves to do: receivers to ring, obligations, the control thread.
  void tend_after_put(Recipient& to, const Obligation& owed);
  void remove(Recipient& gone);
  void note_unrung(Recipient& to);
  void settle_later(Recipient& to);
  void ring_in_turn(Recipient& to) noexcept;

  void give_up_introducing(Recipient& to, Status why);
  void bury(Recipient& gone, Status reason);
  void find_new_home(OutboundLink::Orphan orphan, std::uint64_t dead_peer, Status reason);
  [[nodiscard]] bool resend(const ParsedRecord& record, const Obligation& obligation);
  [[nodiscard]] bool park_again(const ParsedRecord& record, const Obligation& obligation);
  [[nodiscard]] std::span<const std::byte> payload_of(const ParsedRecord& record,
                                                      const Obligation& obligation) const;
  // The route again; nullptr when it was a released one and is forgotten by now.
  [[nodiscard]] Route* send_parked_before(Route& route, std::uint32_t route_id);
  void try_parked();
  void retry_parked_later();
  void try_kept();
  [[nodiscard]] KeptMessages::Tried try_one_kept(const ParkedMessage& message);
  [[nodiscard]] bool has_receiver(const ParkedMessage& message) const;
  // NoRecipient: nobody matches. Another error: nothing of it was sent, and its receivers are held
  // back; or, with WouldBlock, only so many links were opened by now as may be at a time.
  [[nodiscard]] Error send_waiting(const ParkedMessage& message, HeldBack& held_back,
                                   std::size_t most_new_links);
  [[nodiscard]] Error dispatch_waiting(const ParkedMessage& message,
                                       std::span<RouteTarget> targets);
  [[nodiscard]] std::uint32_t route_of_waiting(const ParkedMessage& message);
  void expire(std::vector<ParkedMessage> messages);
  void report(const UndeliveredNotice& notice, std::uint64_t delivery);
  void settle(std::optional<DeliveryResult> result);
  [[nodiscard]] OutboundLink::OnSettled settling(const OutboundLink& link);
  void progress(Recipient& to);
  void tell_if_drained();
  void tell_if_roomy(Recipient& to);
  void tell_if_uncrowded();
  [[nodiscard]] bool crowded(const SendRequest& request, Need need) const noexcept;
  [[nodiscard]] std::uint64_t now_ms() const noexcept;
  [[nodiscard]] std::uint64_t expiry_of(const SendRequest& request) const noexcept;

  Platform& platform_;
  SenderHost& host_;
  const JoinOptions options_;
  DirectoryReader* directory_ = nullptr;
  std::uint64_t self_id_ = 0;
  RouteTable routes_;
  // Charged by what follows.
  Budget queued_;
  Budget objects_;
  SpillPool pool_;
  ParkedMessages parked_;
  Deliveries deliveries_;
  Recipients recipients_;
  // Receivers whose link broke and which the directory still lists.
  std::unordered_set<std::uint64_t> gone_;
  // Nothing that is sent goes to them before what is parked.
  HeldBack held_back_;
  std::optional<TimePoint> retry_parked_at_;
  KeptMessages kept_;
  // The same among kept messages, which have no order with those of this process.
  HeldBack kept_held_back_;
  std::optional<TimePoint> retry_kept_at_;
  // Of the parked or kept message sent last; the next one is often to the same.
  std::uint32_t waiting_route_ = 0;
  // The receivers of the message in hand, if not all that match.
  std::vector<RouteTarget> chosen_;
  // A message was dropped for them since the last flush_bells.
  std::vector<Recipient*> dropping_;
  // Written to since the last flush_bells.
  std::vector<Recipient*> unrung_;
  std::uint64_t next_link_id_ = 1;
  std::uint64_t next_message_id_ = 1;
  // QueueFull was answered, or messages queue: a Drained notice is owed.
  bool drain_owed_ = false;
  // Somebody was refused for want of room in a budget, not at a link.
  bool was_crowded_ = false;
  bool report_undelivered_ = false;
  SenderCounters counters_;
};

inline bool Sender::send_at_once(const SendRequest& request) noexcept {
  const Route* route = routes_.find(request.route);
  if (route == nullptr || directory_ == nullptr || route->targets.size() != 1 ||
      !routes_.current(*route, *directory_) || request.conditional() ||
      is_large(request.payload.size()) || request.payload.size() > options_.max_message_bytes) {
    return false;
  }
  Recipient* to = route->targets.front().recipient;
  if (to == nullptr || !to->link->put_now({.type = request.type,
                                           .format = request.format,
                                           .flags = route->flags(),
                                           .route = request.route,
                                           .id = next_message_id_,
                                           .payload = request.payload})) {
    return false;
  }
  ++next_message_id_;
  note_unrung(*to);
  ++counters_.sent_messages;
  counters_.sent_bytes += request.payload.size();
  return true;
}

inline void Sender::note_unrung(Recipient& to) {
  if (to.link->unrung_messages() >= kRingAfterMessages ||
      to.link->unrung_bytes() >= kRingAfterBytes)
    ring_in_turn(to);
  if (!to.in_dirty_list) {
    to.in_dirty_list = true;
    unrung_.push_back(&to);
  }
}

}  // namespace busbar
