// Which waiting messages are tried when.
#include "core/endpoint/parked_sending.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace busbar {
namespace {

// For what may be many messages, and may wait for long: until some other link is gone.
constexpr std::chrono::milliseconds kHeldBackInterval{50};
// At one go for messages that others have left: little enough that a thread that waits for the lock
// does not notice.
constexpr std::chrono::milliseconds kKeptTime{4};
constexpr std::size_t kKeptNewLinks = 16;

}  // namespace

void ParkedSending::park(ParkedMessage message) {
  parked_.park(std::move(message));
  host_.needs_attention();
}

void ParkedSending::park_again(ParkedMessage message) {
  parked_.park(std::move(message));
  retry_parked_later();
}

bool ParkedSending::try_parked() {
  held_back_.clear();
  retry_parked_at_.reset();
  if (parked_.empty()) return false;
  (void)parked_.remove_if([this](const ParkedMessage& message) {
    return outlet_.has_receiver(message) &&
           outlet_.send_waiting(message, held_back_, kAnyNumber).ok();
  });
  if (!held_back_.empty()) retry_parked_later();
  return true;
}

void ParkedSending::retry_parked_later() {
  retry_parked_at_ = platform_.now() + kHeldBackInterval;
  host_.needs_attention();
}

bool ParkedSending::parked_due() const noexcept {
  return retry_parked_at_ && *retry_parked_at_ <= platform_.now();
}

void ParkedSending::try_kept_later() {
  kept_.want_round();
  host_.needs_attention();
}

bool ParkedSending::try_kept(DirectoryReader* directory) {
  if (retry_kept_at_ && *retry_kept_at_ <= platform_.now()) {
    retry_kept_at_.reset();
    kept_.want_round();
  }
  if (directory == nullptr || !kept_.has_work()) return false;
  // An endpoint that joins while a round is under way has missed its beginning: the next round is
  // for it.
  if (kept_.begin_round()) {
    (void)directory->refresh();
    kept_held_back_.begin_round(directory->members());
  }
  const TimePoint late = platform_.now() + kKeptTime;
  kept_.go_on([this](const ParkedMessage& message) { return try_one_kept(message); },
              [this, late] { return platform_.now() >= late; });
  return true;
}

KeptMessages::Tried ParkedSending::try_one_kept(const ParkedMessage& message) {
  if (!outlet_.has_receiver(message)) return KeptMessages::Tried::Waits;
  const Error error = outlet_.send_waiting(message, kept_held_back_, kKeptNewLinks);
  if (error.ok()) return KeptMessages::Tried::Sent;
  if (error.status == Status::WouldBlock) return KeptMessages::Tried::Again;
  if (error.status != Status::NoRecipient) retry_kept_at_ = platform_.now() + kHeldBackInterval;
  return KeptMessages::Tried::Waits;
}

std::optional<TimePoint> ParkedSending::next_deadline() const {
  std::optional<TimePoint> next;
  const auto consider = [&next](TimePoint candidate) {
    if (!next || candidate < *next) next = candidate;
  };
  for (const auto expiry : {parked_.next_expiry_ms(), kept_.next_expiry_ms()}) {
    if (expiry) consider(TimePoint(std::chrono::milliseconds(*expiry)));
  }
  if (retry_parked_at_) consider(*retry_parked_at_);
  if (retry_kept_at_) consider(*retry_kept_at_);
  if (kept_.has_work()) consider(platform_.now());
  return next;
}

std::vector<ParkedMessage> ParkedSending::take_expired(std::uint64_t now_ms) {
  std::vector<ParkedMessage> expired = parked_.take_expired(now_ms);
  std::vector<ParkedMessage> kept = kept_.take_expired(now_ms);
  std::move(kept.begin(), kept.end(), std::back_inserter(expired));
  return expired;
}

}  // namespace busbar
