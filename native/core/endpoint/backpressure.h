// Backpressure: who has room for a message, what becomes of it where there is none, and when the
// program hears that there is room again. It drops nothing from a queue and disconnects nobody: it
// names the recipients that a Sender has to. Every call with the endpoint's lock held.
//
//   refuse ──> a RoomNotice for the recipient, once its link is relaxed and no budget is crowded
//   drop ────> a DroppedNotice at the end of the turn
//   either queues or refuses ──> one DrainedNotice, once every link is relaxed
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/budget.h"
#include "core/endpoint/recipients.h"
#include "core/endpoint/route_table.h"
#include "core/endpoint/send_request.h"
#include "core/endpoint/sender_host.h"

namespace busbar {

class Backpressure {
 public:
  // The most room that a message takes of a link.
  struct Need {
    std::uint64_t bytes = 0;
    // Of a spill, for a payload that is too large for the ring; else 0.
    std::uint64_t spill_bytes = 0;
  };
  // What a policy other than Refuse makes of a message's targets; reused from message to message.
  struct Choice {
    // They get the message.
    std::vector<RouteTarget> takers;
    // Policy Disconnect: they are too slow, and to be disconnected.
    std::vector<Recipient*> laggards;
  };

  // All of these outlive it. `queued` and `objects` are charged by the links.
  Backpressure(SenderHost& host, Recipients& recipients, const Budget& queued,
               const Budget& objects, SenderCounters& counters) noexcept
      : host_(host),
        recipients_(recipients),
        queued_(queued),
        objects_(objects),
        counters_(counters) {}

  [[nodiscard]] static bool has_room(OutboundLink& link, const SendRequest& request, Need need);
  // The message would make this process hold too much, whatever room its receivers have.
  [[nodiscard]] bool crowded(const SendRequest& request, Need need) const noexcept;
  // All or nobody, unless the policy says otherwise: the recipient because of which the message is
  // refused, or nullptr. Under a policy other than Refuse, `out` says who gets the message, and
  // the messages that it drops are counted.
  [[nodiscard]] Recipient* find_refusing(const SendRequest& request, Need need,
                                         std::span<const RouteTarget> targets, Choice& out);

  // A message was refused, because of `full` or of nobody in particular.
  void note_refused(Recipient& full) noexcept;
  void note_refused() noexcept { ++counters_.queue_full; }
  // A message had to queue.
  void note_queued() noexcept { drain_owed_ = true; }
  // The program asks for a DrainedNotice.
  void ask_drained();
  // No message goes to `gone` any more: nobody waits for its room.
  void forget(const Recipient& gone);

  // The end of the program's turn: notifies it of what was dropped.
  void notify_dropped();
  void notify_if_roomy(Recipient& to);
  void notify_if_uncrowded();
  void notify_if_drained();
  [[nodiscard]] bool drained() const noexcept;

 private:
  void note_dropped(Recipient& to);

  SenderHost& host_;
  Recipients& recipients_;
  const Budget& queued_;
  const Budget& objects_;
  SenderCounters& counters_;
  // A message was dropped for them since the last notify_dropped().
  std::vector<Recipient*> dropping_;
  // QueueFull was answered, or messages queue: a DrainedNotice is owed.
  bool drain_owed_ = false;
  // A message was refused because a budget, not a link, had no room.
  bool was_crowded_ = false;
};

}  // namespace busbar
