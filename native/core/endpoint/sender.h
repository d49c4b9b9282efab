// Sender: the sending half of an endpoint: finds the receivers of a message and writes into their
// links. Messages that a dead receiver had not taken go to another one, are parked, or are
// reported. Room is Backpressure's, waiting messages are ParkedSending's. Every call with the
// endpoint's lock held.
//
// The predicates for "nothing left", from one link to the whole:
//
//   idle       OutboundLink   the receiver has taken everything, spills included
//   flushed    OutboundLink   nothing waits in this process; the ring may hold untaken messages
//   relaxed    OutboundLink   flushed, and half the room for spills and objects is free
//              Budget         half of it is free
//   has_quiet  OutboundLink   published messages whose end nobody waits for may be taken by now
//   crowded    Backpressure   a budget, not a link, has no room for the message
//   drained    Sender         every link is relaxed, and no send was refused for a budget since
//   may_close  Sender         every link is flushed, and idle if not attached
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/join_options.h"
#include "core/directory/directory_reader.h"
#include "core/endpoint/backpressure.h"
#include "core/endpoint/deliveries.h"
#include "core/endpoint/dispatch.h"
#include "core/endpoint/observers.h"
#include "core/endpoint/parked_sending.h"
#include "core/endpoint/recipients.h"
#include "core/endpoint/route_table.h"
#include "core/endpoint/send_request.h"
#include "core/endpoint/sender_host.h"
#include "core/link/outbound_link.h"
#include "core/link/spill_pool.h"

namespace busbar {

class Sender final : private ParkedOutlet, private CopyOutlet {
 public:
  // More than this unrung and a sleeping receiver is rung at once instead of at the end of the
  // turn. Waking costs the sender about 10 us, so both double with each ring in one turn, up to a
  // quarter of the ring.
  static constexpr std::uint32_t kRingAfterMessages = 32;
  static constexpr std::uint64_t kRingAfterBytes = 16U << 10U;

  // `observable`: whether observers may get copies of what it sends.
  Sender(Platform& platform, SenderHost& host, const JoinOptions& options, bool observable = true);

  // The directory to find receivers in; replaces the former one. Not owned.
  void set_directory(DirectoryReader* directory, std::uint64_t self_id);
  // For an observer, which never gets a directory: everything is refused as Unsupported.
  void refuse_all() noexcept { without_directory_ = Status::Unsupported; }
  void on_directory_changed();

  [[nodiscard]] RouteTable& routes() noexcept { return routes_; }
  // InvalidSelector: there is no such route. Closed: this endpoint is on no bus. Unsupported: it is
  // an observer.
  [[nodiscard]] SendOutcome send(const SendRequest& request);
  // Its payload is still to be copied into a spill.
  [[nodiscard]] bool spills(const SendRequest& request) const noexcept {
    return is_large(request.payload.size(), request.extras()) && request.spilled == nullptr;
  }
  // That spill, if the message is likely to be accepted, to be filled without the lock, for
  // SendRequest::spilled; else nullptr.
  [[nodiscard]] std::shared_ptr<const Spill> spill_for(const SendRequest& request);
  // The common case of send(): a small message without conditions to one receiver with room in its
  // ring. False when it has to be sent the long way; nothing has happened then.
  [[nodiscard]] bool send_at_once(const SendRequest& request, SendOutcome& out) noexcept;
  // See Endpoint. The same statuses as of send(), and InvalidArgument for a multicast.
  [[nodiscard]] SendOutcome reserve(std::uint32_t route, std::size_t bytes, Reservation& out,
                                    std::span<const std::byte> metadata);
  [[nodiscard]] SendOutcome commit(const Reservation& reservation, const Uuid& type,
                                   std::uint16_t format);
  void cancel(const Reservation& reservation);
  // The endpoints that match now.
  [[nodiscard]] std::vector<Member> matches(std::uint32_t route);
  [[nodiscard]] std::size_t count_matches(std::uint32_t route);
  // Rings the receivers that were written to and sleep.
  void flush_bells() noexcept;
  // Owes one DrainedNotice, given as soon as every link has room again.
  void ask_drained() { backpressure_.ask_drained(); }
  void forget_delivery(std::uint64_t delivery) { deliveries_.forget(delivery); }
  // Whether undelivered messages are reported with their content, or only counted.
  void report_undelivered(bool wanted) noexcept { report_undelivered_ = wanted; }

  // Control thread: the link's channel is readable / writable.
  void on_channel(std::uint64_t link_id);
  void on_introduction_failed(std::uint64_t to_id, std::uint64_t link_id, Status why);
  [[nodiscard]] const OutboundLink* find_link(std::uint64_t link_id) const noexcept;
  // Whether a link leads to this endpoint: what it has not taken may still be reported.
  [[nodiscard]] bool has_link(std::uint64_t peer_id) noexcept {
    return recipients_.find(peer_id) != nullptr;
  }
  // Introductions that have not arrived yet are sent once more.
  void repeat_introductions();
  // Control thread: receivers unmap the memory regions that this process has unmapped.
  void forget_unmapped();
  // Control thread: when on_deadline wants to be called.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;
  void on_deadline();

  // Links that wait for their channel to be writable; clears the wishes.
  [[nodiscard]] std::vector<OutboundLink*> take_writable_wishes();
  // Some link is not attached yet, or a message waits for an endpoint to join.
  [[nodiscard]] bool wants_directory_changes() const noexcept;

  // Closing: everything accepted is in a ring whose receiver has it mapped.
  [[nodiscard]] bool may_close() const noexcept;
  [[nodiscard]] std::uint64_t queued_messages() const noexcept;
  [[nodiscard]] bool drained() const noexcept { return backpressure_.drained(); }
  [[nodiscard]] ParkedMessages& parked() noexcept { return waiting_.parked(); }
  [[nodiscard]] KeptMessages& kept() noexcept { return waiting_.kept(); }
  // There are new ones. Not tried at once: first their sender hears that they are kept, or it would
  // send again after this process's end what was sent.
  void try_kept_later() { waiting_.try_kept_later(); }
  // Hangs up all links. The caller counts what they held as abandoned.
  void close_all();

  [[nodiscard]] const SenderCounters& counters() const noexcept { return counters_; }
  [[nodiscard]] std::size_t link_count() const noexcept { return recipients_.size(); }

 private:
  using Need = Backpressure::Need;

  // Room for what send() may add to a record: reply, expiry, a reference to a spilled payload and
  // the head of the list of regions.
  static constexpr std::uint64_t kMaxAddedBytes = 72;
  [[nodiscard]] static constexpr std::uint64_t max_record_bytes(
      std::size_t payload, const RecordExtras& extras = {}) noexcept {
    return sizeof(RecordHeader) + kMaxAddedBytes + extras.regions * sizeof(RegionMention) +
           metadata_extension_bytes(extras.metadata) + payload;
  }
  // How long a message's objects and regions may stay open here after its receiver has taken them.
  static constexpr std::chrono::milliseconds kSettleInterval{100};
  // From this size on, payloads lie in a spill that they share with others even where the ring has
  // room: one copy serves all receivers, and the ring stays small in the caches.
  static constexpr std::size_t kSharedFrom = 16U << 10U;
  // With less, too few slabs would fit into what may wait for receivers.
  static constexpr std::uint64_t kLeastForSlabs = 4 * SpillSlabs::kSlabBytes;
  // How long after the last payload in a spill the pool keeps more than it needs.
  static constexpr std::chrono::seconds kSpillRest{1};

  // Too large for the ring: goes into a spill of its own.
  [[nodiscard]] bool is_large(std::size_t payload, const RecordExtras& extras = {}) const noexcept {
    return max_record_bytes(payload, extras) > options_.ring_bytes / 4;
  }

  [[nodiscard]] std::uint64_t most_at_once() const noexcept;

  // Routes and links.
  void look_again_if_stale(Route& route);
  [[nodiscard]] std::size_t choose(Route& route);
  static void bind(RouteTarget& target, Recipient* recipient) noexcept;
  [[nodiscard]] Result<Recipient*> recipient_at(const RouteTarget& target);
  [[nodiscard]] Error open_links(std::span<RouteTarget> targets);
  // WouldBlock when there are more than `max_new` to open.
  [[nodiscard]] Error open_some_links(std::span<RouteTarget> targets, std::size_t max_new);
  void introduce(Recipient& to);
  void give_up_introducing(Recipient& to, Status why);

  // One message. False: the target chosen was disconnected, and another one may match.
  [[nodiscard]] bool try_send(const SendRequest& request, SendOutcome& outcome);
  [[nodiscard]] static SimpleMessage simple_message(const SendRequest& request, const Route& route,
                                                    std::uint64_t id) noexcept {
    return {{.type = request.type,
             .format = request.format,
             .flags = route.flags(),
             .route = request.route,
             .id = id,
             .payload = request.payload},
            request.reply_to,
            request.metadata};
  }
  // Returns the message's number.
  std::uint64_t send_simple(const SendRequest& request, const Route& route,
                            std::span<const RouteTarget> targets);
  [[nodiscard]] Error send_with_obligations(const SendRequest& request, const Route& route,
                                            std::span<const RouteTarget> targets, bool shares,
                                            SendOutcome& out);
  [[nodiscard]] Result<std::shared_ptr<const ObjectBundle>> copy_objects(
      const SendRequest& request);
  [[nodiscard]] Error spill_if_large(Dispatch& dispatch);
  // Whether the payload goes into a spill that others share; then there is room for it in one.
  [[nodiscard]] bool shares_spill(const SendRequest& request, std::span<const RouteTarget> targets);
  void share_spill(Dispatch& dispatch);
  void note_spilled();
  void note_pool();
  void rest_pool(TimePoint now);
  void forget_spills(const std::vector<std::uint64_t>& ids);
  // All of these receivers or none. LimitExceeded: too many know one of the regions.
  [[nodiscard]] Error open_flights(std::span<const RegionRange> ranges,
                                   std::span<const RouteTarget> targets);
  void put(Recipient& to, const Dispatch& dispatch);
  void put_latest(Recipient& to, std::string_view key, const Dispatch& dispatch);
  // What a message that was put leaves to do: receivers to ring, obligations, the control thread.
  void tend_after_put(Recipient& to, const Obligation& owed);
  void tend_after_turn(Recipient& to);
  void tend(const OutboundLink& link);
  void note_unrung(Recipient& to);
  void ring_in_turn(Recipient& to) noexcept;
  void settle_later(Recipient& to);

  // Copies for observers.
  [[nodiscard]] Recipient* open_for_copies(std::uint64_t id, std::uint32_t pid) override;
  void tend_after_copy(Recipient& observer) override;
  [[nodiscard]] std::uint64_t time_for_copies() const noexcept {
    return observers_.any() ? observers_.time_before(kEveryObserver) : 0;
  }
  void observe_at_once(const SendRequest& request, const RouteTarget& target, std::uint64_t time);
  void observe_sent(const SendRequest& request, const Route& route,
                    std::span<const RouteTarget> targets, std::uint64_t time);
  void observe_dispatch(const Dispatch& dispatch, std::span<const std::byte> payload,
                        ObservationEvent event, std::span<const RouteTarget> targets,
                        std::uint64_t time);
  void observe_undelivered(ObserverMask mask, const UndeliveredNotice& notice,
                           std::span<const std::byte> payload, const Dispatch& dispatch);
  void observe_committed(const Recipient& to, const Reservation& reservation, const Uuid& type,
                         std::uint16_t format, std::uint64_t time);
  [[nodiscard]] ObserverMask mask_of(const Dispatch& dispatch,
                                     std::span<const RouteTarget> targets) const;
  void name_receivers(std::span<const RouteTarget> targets, ObservedMessage& message);

  // Messages without a receiver for now.
  [[nodiscard]] SendOutcome send_without_receiver(const SendRequest& request, const Route& route);
  [[nodiscard]] bool park_again(const ParsedRecord& record, const Obligation& obligation);
  // The route again; nullptr when it was a released one and is forgotten by now.
  [[nodiscard]] Route* send_parked_before(Route& route, std::uint32_t route_id);
  void try_parked();
  [[nodiscard]] bool has_receiver(const ParkedMessage& message) const override;
  [[nodiscard]] Error send_waiting(const ParkedMessage& message, HeldBack& held_back,
                                   std::size_t max_new_links) override;
  [[nodiscard]] Error dispatch_waiting(const ParkedMessage& message,
                                       std::span<const RouteTarget> targets);
  [[nodiscard]] std::uint32_t route_of_waiting(const ParkedMessage& message);
  void expire(std::vector<ParkedMessage> messages);

  // Receivers that go.
  void progress(Recipient& to);
  void bury(Recipient& gone, Status reason);
  void disconnect(Recipient& to);
  void remove(Recipient& gone);
  // `observers`: those that want what the dead peer got.
  void find_new_home(OutboundLink::Orphan orphan, std::uint64_t dead_peer, Status reason,
                     ObserverMask observers);
  [[nodiscard]] bool resend(const ParsedRecord& record, const Obligation& obligation);
  [[nodiscard]] static std::span<const std::byte> payload_of(const ParsedRecord& record,
                                                             const Obligation& obligation);

  // Reports.
  void report(const UndeliveredNotice& notice, std::uint64_t delivery);
  // Deliveries are promises about messages; 0 is none.
  void fail_delivery(std::uint64_t delivery, std::uint64_t peer_id, Status reason);
  void settle(std::optional<DeliveryResult> result);
  [[nodiscard]] OutboundLink::OnSettled settling(const Recipient& to);

  [[nodiscard]] std::uint64_t now_ms() const noexcept;
  [[nodiscard]] std::uint64_t expiry_of(const SendRequest& request) const noexcept;

  Platform& platform_;
  SenderHost& host_;
  const JoinOptions options_;
  SenderCounters counters_;
  DirectoryReader* directory_ = nullptr;
  Status without_directory_ = Status::Closed;
  std::uint64_t self_id_ = 0;
  RouteTable routes_;
  // Charged by what follows.
  Budget queued_;
  Budget objects_;
  SpillPool pool_;
  // The least payload that shares a spill by its size alone.
  const std::size_t shared_from_;
  // The largest payload that may go at once whatever else a message has.
  const std::uint64_t most_at_once_;
  // When to look whether the pool is still in use; and whether it was since the last look.
  std::optional<TimePoint> pool_rests_at_;
  bool pool_used_ = false;
  Deliveries deliveries_;
  Recipients recipients_;
  Backpressure backpressure_;
  ParkedSending waiting_;
  Observers observers_;
  std::vector<std::uint64_t> observed_receivers_;
  // Receivers whose link broke and which the directory still lists.
  std::unordered_set<std::uint64_t> gone_;
  // Of the parked or kept message sent last; the next one is often to the same.
  std::uint32_t waiting_route_ = 0;
  // The receivers of the message in hand, if not all that match.
  Backpressure::Choice choice_;
  // Written to since the last flush_bells.
  std::vector<Recipient*> unrung_;
  std::uint64_t next_link_id_ = 1;
  std::uint64_t next_message_id_ = 1;
  bool report_undelivered_ = false;
};

inline bool Sender::send_at_once(const SendRequest& request, SendOutcome& out) noexcept {
  const Route* route = routes_.find(request.route);
  if (route == nullptr || directory_ == nullptr || route->targets.size() != 1 ||
      !routes_.current(*route, *directory_) || request.conditional() ||
      request.payload.size() > most_at_once_) {
    return false;
  }
  const RouteTarget& target = route->targets.front();
  if (target.link == nullptr) return false;
  std::uint64_t time = 0;
  if (target.observers != 0) [[unlikely]]
    time = observers_.time_before(target.observers);
  if (!target.link->put_now(simple_message(request, *route, next_message_id_))) return false;
  out.receivers = 1;
  out.message_id = next_message_id_++;
  out.peer_id = route->unicast ? target.peer_id : 0;
  note_unrung(*target.recipient);
  ++counters_.sent_messages;
  counters_.sent_bytes += request.payload.size();
  if (target.observers != 0) [[unlikely]]
    observe_at_once(request, target, time);
  return true;
}

[[gnu::always_inline]] inline void Sender::note_unrung(Recipient& to) {
  if (to.link->unrung_messages() >= kRingAfterMessages ||
      to.link->unrung_bytes() >= kRingAfterBytes) [[unlikely]]
    ring_in_turn(to);
  if (!to.in_dirty_list) {
    to.in_dirty_list = true;
    unrung_.push_back(&to);
  }
}

}  // namespace busbar
