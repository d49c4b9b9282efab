// Depose a holder that did not answer, else connect, else claim, else wait:
//
//   connect:  a channel   -> found
//             no holder   -> claim
//             holder died -> survivors claim; newcomers wait 25 ms once and look again, then claim
//             crowded     -> again in 0, 1, 2, 4 ... 16 ms, for a second: then depose
//   claim:    a listener  -> found
//             lost        -> again in 0, 1, 2, 4 ... 16 ms
//   depose:   a listener  -> found
//             lost        -> again, as above
//   without the right to claim, where one would: again in 5, 10, 20 ... 50 ms
#include "core/membership/seeker.h"

#include <algorithm>
#include <utility>

namespace busbar {

Seeker::Find Seeker::look(SeekRules rules) {
  next_look_.reset();
  if (rules.unanswering != 0 && rules.may_claim && rendezvous_->holder() == rules.unanswering)
    return depose(rules.unanswering, rules);
  return connect(rules);
}

Seeker::Find Seeker::connect(SeekRules rules) {
  // The bell first: it may belong to an earlier holder than the one that is reached, which is
  // noticed when it rings, but never to a later one.
  auto bell = rendezvous_->open_bell();
  const std::uint64_t holder = rendezvous_->holder();
  auto channel = rendezvous_->connect();
  // Whoever claims next asks who listens to the holder's bell, and does not mean this process.
  if (!channel) bell = Status::NoController;
  if (channel.status() != Status::WouldBlock) crowded_holder_ = 0;
  switch (channel.status()) {
    case Status::Ok:
      has_yielded_ = false;
      if (holder == 0 || rendezvous_->holder() != holder) {
        look_later();
        return Later{};
      }
      return Reached{channel.take(), holder, bell ? bell.take() : nullptr};
    case Status::NoController:
      if (rules.may_claim) return claim(rules);
      await_founder();
      return Vacant{};
    case Status::PeerGone:
      if (!rules.may_claim) {
        await_founder();
        return Later{};
      }
      if (rules.survivor || has_yielded_) return claim(rules);
      has_yielded_ = true;
      next_look_ = platform_.now() + kRightOfWay;
      return Later{};
    case Status::WouldBlock:
      return wait_in_crowd(holder, rules);
    default:
      return failed(channel.error(), rules);
  }
}

Seeker::Find Seeker::wait_in_crowd(std::uint64_t holder, SeekRules rules) {
  const TimePoint now = platform_.now();
  if (crowded_holder_ != holder) {
    crowded_holder_ = holder;
    crowded_since_ = now;
  } else if (holder != 0 && rules.may_claim && now >= crowded_since_ + kCrowdPatience) {
    return depose(holder, rules);
  }
  look_later();
  return Later{};
}

Seeker::Find Seeker::depose(std::uint64_t holder, SeekRules rules) {
  auto listener = rendezvous_->depose(holder);
  if (listener) return Claimed{listener.take(), true};
  if (listener.status() != Status::WouldBlock) return failed(listener.error(), rules);
  look_later();
  return Later{};
}

Seeker::Find Seeker::claim(SeekRules rules) {
  const bool has_members = rendezvous_->has_listeners();
  auto listener = rendezvous_->claim();
  if (listener) return Claimed{listener.take(), has_members};
  if (listener.status() == Status::WouldBlock) {
    look_later();
    return Later{};
  }
  return failed(listener.error(), rules);
}

// A survivor retries when no descriptor is left; a newcomer reports the error to its program.
Seeker::Find Seeker::failed(Error error, SeekRules rules) {
  if (!rules.survivor || error.status == Status::Permission) return error;
  look_later();
  return Later{};
}

void Seeker::look_later() noexcept {
  next_look_ = platform_.now() + crowd_;
  crowd_ = std::clamp(crowd_ * 2, kCrowdMin, kCrowdMax);
}

void Seeker::await_founder() noexcept {
  next_look_ = platform_.now() + founder_;
  founder_ = std::min(founder_ * 2, kFounderMax);
}

void Seeker::found() noexcept {
  next_look_.reset();
  crowd_ = Milliseconds(0);
  founder_ = kFounderMin;
  has_yielded_ = false;
}

}  // namespace busbar
