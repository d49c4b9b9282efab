// Seeker: looks for the holder of the bus's name, and when to look again. Every look returns at
// once; the waiting in between is the caller's, who asks for next_look().
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <variant>

#include "base/status.h"
#include "platform/platform.h"

namespace busbar {

struct SeekRules {
  // Takes the name when nobody holds it.
  bool may_claim = true;
  // Was a member already: knows the others and has the right of way over newcomers.
  bool survivor = false;
  // The holder that did not answer when it was needed: loses the name if it still has it. 0: none.
  std::uint64_t unanswering = 0;
};

class Seeker {
 public:
  // Looked in vain; next_look() says when to go on.
  struct Later {};
  // The last holder gave the name back and nobody has taken it since; only without `may_claim`.
  struct Vacant {};
  // Connected to `holder`, whose bell this is; nullptr when it could not be opened.
  struct Reached {
    std::unique_ptr<Channel> channel;
    std::uint64_t holder = 0;
    std::unique_ptr<NameBell> bell;
  };
  // The name is the caller's; `deposed`: the holder before lives on and its members with it.
  struct Claimed {
    std::unique_ptr<Listener> listener;
    bool deposed = false;
  };
  using Find = std::variant<Later, Vacant, Reached, Claimed, Error>;

  Seeker(Platform& platform, std::unique_ptr<Rendezvous> rendezvous) noexcept
      : platform_(platform), rendezvous_(std::move(rendezvous)) {}

  [[nodiscard]] Find look(SeekRules rules);
  void look_now() noexcept { next_look_ = TimePoint::min(); }
  // After something came to nothing: at once the first time, then each time later.
  void look_later() noexcept;
  // The search is over; the next one begins without a wait.
  void found() noexcept;

  [[nodiscard]] std::optional<TimePoint> next_look() const noexcept { return next_look_; }
  [[nodiscard]] bool due() const noexcept { return next_look_ && *next_look_ <= platform_.now(); }

  // Whom the name leads to; 0: nobody.
  [[nodiscard]] std::uint64_t holder() const noexcept { return rendezvous_->holder(); }

  [[nodiscard]] Result<std::unique_ptr<NameBell>> open_bell() { return rendezvous_->open_bell(); }

 private:
  using Milliseconds = std::chrono::milliseconds;

  // While others crowd the door or are about to take the name. From the second look on.
  static constexpr Milliseconds kCrowdMin{1};
  static constexpr Milliseconds kCrowdMax{16};
  // A door that stays crowded for so long has nobody behind it.
  static constexpr Milliseconds kCrowdPatience{1000};
  // While there is no bus and we must not found one: the one state without an event to wait for.
  static constexpr Milliseconds kFounderMin{5};
  static constexpr Milliseconds kFounderMax{50};
  // What a newcomer leaves to survivors, who know the members and need no wait themselves.
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
  // Whose door was found crowded, and since when.
  std::uint64_t crowded_holder_ = 0;
  TimePoint crowded_since_;
};

}  // namespace busbar
