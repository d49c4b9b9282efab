// Seeker: looks for the holder of the bus's name and decides when to look again. Every look returns
// at once; the caller waits in between, until next_look().
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <variant>

#include "base/status.h"
#include "platform/platform.h"

namespace busbar {

struct SeekRules {
  // Takes the name when no endpoint holds it.
  bool may_claim = true;
  // Was a member already: knows the other members and goes before newcomers.
  bool survivor = false;
  // The holder that did not answer when it was needed: deposed if it still has the name. 0: none.
  std::uint64_t unanswering = 0;
};

class Seeker {
 public:
  // Found nothing yet; next_look() returns when to look again.
  struct Later {};
  // The last holder released the name and no endpoint has taken it since; only without `may_claim`.
  struct Vacant {};
  // Connected to `holder`, whose bell this is; nullptr when it could not be opened.
  struct Reached {
    std::unique_ptr<Channel> channel;
    std::uint64_t holder = 0;
    std::unique_ptr<NameBell> bell;
  };
  // The caller has the name; `has_members`: members of the holder before seem to live on.
  struct Claimed {
    std::unique_ptr<Listener> listener;
    bool has_members = false;
  };
  using Find = std::variant<Later, Vacant, Reached, Claimed, Error>;

  Seeker(Platform& platform, std::unique_ptr<Rendezvous> rendezvous) noexcept
      : platform_(platform), rendezvous_(std::move(rendezvous)) {}

  [[nodiscard]] Find look(SeekRules rules);
  void look_now() noexcept { next_look_ = TimePoint::min(); }
  // After a failure: at once the first time, then after longer and longer pauses.
  void look_later() noexcept;
  // The search is over; the next one begins without a wait.
  void found() noexcept;

  [[nodiscard]] std::optional<TimePoint> next_look() const noexcept { return next_look_; }
  [[nodiscard]] bool due() const noexcept { return next_look_ && *next_look_ <= platform_.now(); }

  // The number of the holder that the name leads to; 0: none.
  [[nodiscard]] std::uint64_t holder() const noexcept { return rendezvous_->holder(); }

  [[nodiscard]] Result<std::unique_ptr<NameBell>> open_bell() { return rendezvous_->open_bell(); }

 private:
  using Milliseconds = std::chrono::milliseconds;

  // While others crowd the listener or are about to take the name. From the second look on.
  static constexpr Milliseconds kCrowdMin{1};
  static constexpr Milliseconds kCrowdMax{16};
  // The holder of a listener that stays crowded for this long does not accept any more.
  static constexpr Milliseconds kCrowdPatience{1000};
  // While there is no bus and this endpoint must not found one: the one state without an event to
  // wait for.
  static constexpr Milliseconds kFounderMin{5};
  static constexpr Milliseconds kFounderMax{50};
  // Time that a newcomer leaves to survivors, which know the members and do not wait themselves.
  static constexpr Milliseconds kRightOfWay{25};

  [[nodiscard]] Find connect(SeekRules rules);
  [[nodiscard]] Find claim(SeekRules rules);
  [[nodiscard]] Find depose(std::uint64_t holder, SeekRules rules);
  [[nodiscard]] Find wait_in_crowd(std::uint64_t holder, SeekRules rules);
  [[nodiscard]] Find failed(Error error, SeekRules rules);
  void await_founder() noexcept;

  Platform& platform_;
  std::unique_ptr<Rendezvous> rendezvous_;
  std::optional<TimePoint> next_look_;
  Milliseconds crowd_{0};
  Milliseconds founder_ = kFounderMin;
  bool has_yielded_ = false;
  // The holder whose listener was crowded, and since when.
  std::uint64_t crowded_holder_ = 0;
  TimePoint crowded_since_;
};

}  // namespace busbar
