// connect, else claim, else wait:
//
//   connect:  a channel   -> found
//             nobody      -> claim
//             holder died -> survivors claim; newcomers wait 25 ms once and look again, then claim
//             crowded     -> again in 0, 1, 2, 4 ... 16 ms
//   claim:    a listener  -> found
//             lost        -> again in 0, 1, 2, 4 ... 16 ms
//   without the right to claim, where one would: again in 5, 10, 20 ... 50 ms
#include "core/seeker.h"

#include <algorithm>

namespace busbar {

Seeker::Find Seeker::look(SeekRules rules) {
  next_look_.reset();
  auto channel = rendezvous_->connect();
  switch (channel.status()) {
    case Status::Ok:
      has_yielded_ = false;
      return channel.take();
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
      look_later();
      return Later{};
    default:
      return failed(channel.error(), rules);
  }
}

Seeker::Find Seeker::claim(SeekRules rules) {
  auto listener = rendezvous_->claim();
  if (listener) return listener.take();
  if (listener.status() == Status::WouldBlock) {
    look_later();
    return Later{};
  }
  return failed(listener.error(), rules);
}

// A member does not give up for want of a descriptor; a newcomer is better told.
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
