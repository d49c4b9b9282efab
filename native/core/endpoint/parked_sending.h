// ParkedSending: the messages that wait for a receiver, and when to try which of them. Parked ones
// are this process's own and keep their order with what it sends; kept ones were left by others.
// A message that cannot be sent for now holds its receivers back: nothing overtakes it. How one
// message is sent is the Sender's. Every call with the endpoint's lock held.
//
//   park ──> waits ──try_parked, try_kept──> sent
//              │ └─────cannot now──────> holds its receivers back, tried again in a while
//              └────> expired
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/budget.h"
#include "base/join_options.h"
#include "core/directory/directory_reader.h"
#include "core/endpoint/held_back.h"
#include "core/endpoint/sender_host.h"
#include "core/hand_over/kept_messages.h"
#include "core/hand_over/parked_messages.h"
#include "platform/platform.h"

namespace busbar {

// What ParkedSending needs of the Sender around it.
class ParkedOutlet {
 public:
  virtual ~ParkedOutlet() = default;
  // Some endpoint on the bus matches.
  [[nodiscard]] virtual bool has_receiver(const ParkedMessage& message) const = 0;
  // NoRecipient: nobody matches. Another error: nothing of it was sent, and its receivers are held
  // back; or, with WouldBlock, as many links were opened by now as may be at a time.
  [[nodiscard]] virtual Error send_waiting(const ParkedMessage& message, HeldBack& held_back,
                                           std::size_t max_new_links) = 0;
};

class ParkedSending {
 public:
  ParkedSending(Platform& platform, SenderHost& host, ParkedOutlet& outlet,
                const JoinOptions& options, Budget& queued) noexcept
      : platform_(platform),
        host_(host),
        outlet_(outlet),
        parked_(options.max_parked, options.queue_bytes, queued),
        kept_(options.max_parked, options.queue_bytes) {}

  [[nodiscard]] ParkedMessages& parked() noexcept { return parked_; }
  [[nodiscard]] KeptMessages& kept() noexcept { return kept_; }
  [[nodiscard]] bool empty() const noexcept { return parked_.empty() && kept_.empty(); }
  // Nothing that is sent goes to these receivers before what is parked.
  [[nodiscard]] const HeldBack& held_back() const noexcept { return held_back_; }

  void park(ParkedMessage message);
  // A message that was on its way; it is tried again in a while.
  void park_again(ParkedMessage message);

  // Tries all parked messages, in their order. False: there are none.
  bool try_parked();
  // Tries a part of the kept ones, since others decide how many there are. False: none is to be
  // tried now, or there is no directory.
  bool try_kept(DirectoryReader* directory);
  // Somebody has joined or left: another round of the kept ones.
  void want_kept_round() noexcept { kept_.want_round(); }
  // The control thread begins that round.
  void try_kept_later();

  // When there is something to do: a message expires, or is to be tried again.
  [[nodiscard]] std::optional<TimePoint> next_deadline() const;
  // Parked messages that were held back are to be tried again now.
  [[nodiscard]] bool parked_due() const noexcept;
  [[nodiscard]] std::vector<ParkedMessage> take_expired(std::uint64_t now_ms);

 private:
  static constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

  void retry_parked_later();
  [[nodiscard]] KeptMessages::Tried try_one_kept(const ParkedMessage& message);

  Platform& platform_;
  SenderHost& host_;
  ParkedOutlet& outlet_;
  ParkedMessages parked_;
  HeldBack held_back_;
  std::optional<TimePoint> retry_parked_at_;
  KeptMessages kept_;
  // The same among kept messages, which have no order with those of this process.
  HeldBack kept_held_back_;
  std::optional<TimePoint> retry_kept_at_;
};

}  // namespace busbar
