// What is owed about the messages of one link: tracked, released, settled.
#include "core/link/obligations.h"

#include <algorithm>
#include <utility>

namespace busbar {
namespace {

// The status that the other side wrote as a reason.
Status reason_of(std::uint64_t status) noexcept {
  if (status == static_cast<std::uint64_t>(Status::Ok)) return Status::Ok;
  return is_listed_failure(status) ? static_cast<Status>(status) : Status::NotHandled;
}

}  // namespace

void Obligations::track(std::uint64_t serial, const OutgoingMessage& message,
                        const Obligation& obligation) {
  Tracked tracked;
  tracked.serial = serial;
  tracked.id = message.id;
  tracked.obligation = obligation;
  tracked.quiet = obligation.quiet();
  if (obligation.spill != nullptr) {
    bytes_of(*obligation.spill) += obligation.spill_bytes;
    use_.add(*obligation.spill);
  }
  objects_in_flight_ += obligation.objects != nullptr ? obligation.objects->handles.size() : 0;
  if (obligation.wants_handled) {
    tracked.copy.resize(record_bytes(message));
    write_record(message, tracked.copy.data());
  }
  tracked_.push_back(std::move(tracked));
}

void Obligations::untrack_last() noexcept {
  release(tracked_.back().obligation);
  end_giving(tracked_.back());
  tracked_.pop_back();
}

void Obligations::note_published(Tracked& tracked, std::uint64_t position) noexcept {
  tracked.position = position;
  ++tracked_published_;
  if (!tracked.quiet) loud_.push_back(position);
  // Booked on the receiver now.
  if (!tracked.obligation.wants_handled) tracked.obligation.claim.reset();
}

void Obligations::release(Obligation& obligation) noexcept {
  if (obligation.spill != nullptr) {
    bytes_of(*obligation.spill) -= std::exchange(obligation.spill_bytes, 0);
    use_.remove(*obligation.spill);
    obligation.spill.reset();
  }
  objects_in_flight_ -= obligation.objects != nullptr ? obligation.objects->handles.size() : 0;
  obligation.objects.reset();
  obligation.memory.reset();
  obligation.claim.reset();
}

void Obligations::release_taken() noexcept {
  if (!producer_.refresh_head()) return;
  for (std::size_t index = 0; index < tracked_published_; ++index) {
    Tracked& tracked = tracked_[index];
    if (tracked.position > producer_.head()) return;
    if (!tracked.obligation.wants_handled) release(tracked.obligation);
  }
}

bool Obligations::drop_quiet() noexcept {
  if (!producer_.refresh_head()) return false;
  const std::size_t before = tracked_published_;
  while (tracked_published_ > 0 && tracked_.front().position <= producer_.head() &&
         tracked_.front().quiet) {
    Tracked dropped = pop_published();
    release(dropped.obligation);
  }
  return tracked_published_ < before;
}

Obligations::Tracked Obligations::pop_published() noexcept {
  Tracked tracked = std::move(tracked_.front());
  tracked_.pop_front();
  --tracked_published_;
  if (known_taken_ > 0) --known_taken_;
  end_giving(tracked);
  return tracked;
}

void Obligations::note_given(Tracked& tracked) noexcept {
  tracked.given = static_cast<std::uint8_t>(tracked.obligation.objects->handles.size());
  objects_given_ += tracked.given;
}

void Obligations::end_giving(Tracked& tracked) noexcept {
  objects_given_ -= std::exchange(tracked.given, std::uint8_t{0});
}

// One message may exceed it when none is there.
bool Obligations::may_give(std::size_t objects) noexcept {
  if (!has_giving_room(objects)) {
    (void)producer_.refresh_head();
    for (; known_taken_ < tracked_published_ && tracked_[known_taken_].position <= producer_.head();
         ++known_taken_)
      end_giving(tracked_[known_taken_]);
  }
  objects_wait_ = !has_giving_room(objects);
  return !objects_wait_;
}

std::span<Obligations::Tracked* const> Obligations::givable() noexcept {
  std::size_t objects = 0;
  std::size_t count = 0;
  for (std::size_t at = tracked_published_; at < tracked_.size() && count < givable_.size(); ++at) {
    Tracked& tracked = tracked_[at];
    // Others may have to wait for the receiver, too; one look at what the next one needs is enough.
    if (tracked.obligation.objects == nullptr || tracked.given != 0) break;
    const std::size_t more = objects + tracked.obligation.objects->handles.size();
    if (count == 0 ? !may_give(more) : more > kMaxObjectsGiven || !has_giving_room(more)) break;
    objects = more;
    givable_[count++] = &tracked;
  }
  return {givable_.data(), count};
}

void Obligations::settle(const OnSettled& settled) {
  const std::uint64_t handled =
      unhandled_.empty() && tracked_published_ == 0 ? 0 : producer_.handled();
  // After the positions: what is said about a message was said before they passed it.
  read_outcomes(settled);
  while (tracked_published_ > 0 && tracked_.front().position <= producer_.head()) {
    Tracked tracked = pop_published();
    if (!tracked.quiet) loud_.pop_front();
    settle_taken(std::move(tracked), settled);
  }
  while (!unhandled_.empty() &&
         (unhandled_.front().settled || unhandled_.front().position <= handled)) {
    settle_one(unhandled_.front(), Status::Ok, settled);
    unhandled_.pop_front();
  }
}

void Obligations::settle_taken(Tracked tracked, const OnSettled& settled) {
  if (tracked.obligation.wants_handled && !tracked.settled) {
    // Keeps its spill: should the receiver die before it has handled it, another one gets it.
    unhandled_.push_back(std::move(tracked));
  } else {
    settle_one(tracked, Status::Ok, settled);
  }
}

void Obligations::settle_one(Tracked& tracked, Status status, const OnSettled& settled) {
  tracked.settled = true;
  tracked.copy = {};
  release(tracked.obligation);
  const std::uint64_t delivery = std::exchange(tracked.obligation.delivery, 0);
  if (delivery != 0) settled(delivery, status);
}

void Obligations::read_outcomes(const OnSettled& settled) {
  RingProducer::Outcome outcome;
  for (std::size_t i = 0; i < kOutcomeSlots && producer_.next_outcome(outcome); ++i) {
    Tracked* tracked = find_published(outcome.position);
    if (tracked != nullptr && !tracked->settled)
      settle_one(*tracked, reason_of(outcome.status), settled);
  }
}

Obligations::Tracked* Obligations::find_published(std::uint64_t position) noexcept {
  const auto find = [position](auto begin, auto end) -> Tracked* {
    const auto found = std::lower_bound(
        begin, end, position,
        [](const Tracked& each, std::uint64_t wanted) { return each.position < wanted; });
    return found != end && found->position == position ? &*found : nullptr;
  };
  Tracked* unhandled = find(unhandled_.begin(), unhandled_.end());
  if (unhandled != nullptr) return unhandled;
  return find(tracked_.begin(), tracked_.begin() + static_cast<std::ptrdiff_t>(tracked_published_));
}

bool Obligations::arm(std::uint64_t taken) noexcept {
  if (!loud_.empty()) taken = std::min(taken, loud_.front());
  if (tracked_published_ > 0 && (quiet_armed_ || objects_wait_ || others_wait_ || !relaxed())) {
    // Half of them: so that the sender can go on before the receiver has nothing left.
    taken = std::min(taken, tracked_[(tracked_published_ - 1) / 2].position);
  }
  if (taken < armed_taken_) {
    if (!producer_.wake_when_taken(taken)) return false;
    armed_taken_ = taken;
  }
  const std::uint64_t handled = unhandled_.empty() ? kNoPosition : unhandled_.front().position;
  if (handled < armed_handled_) {
    if (!producer_.wake_when_handled(handled)) return false;
    armed_handled_ = handled;
  }
  return true;
}

void Obligations::on_wake() noexcept {
  armed_taken_ = kNoPosition;
  armed_handled_ = kNoPosition;
  quiet_armed_ = false;
  others_wait_ = false;
}

std::deque<Obligations::Tracked> Obligations::take_unhandled() noexcept {
  return std::exchange(unhandled_, {});
}

std::optional<Obligations::Tracked> Obligations::take_published(std::uint64_t position) noexcept {
  if (tracked_published_ == 0 || tracked_.front().position != position) return std::nullopt;
  return take_published();
}

std::optional<Obligations::Tracked> Obligations::take_published() noexcept {
  if (tracked_published_ == 0) return std::nullopt;
  return pop_published();
}

std::optional<Obligation> Obligations::take_queued(std::uint64_t serial) noexcept {
  Tracked* tracked = next(serial);
  if (tracked == nullptr) return std::nullopt;
  end_giving(*tracked);
  std::optional<Obligation> obligation = std::move(tracked->obligation);
  // Everything published was taken out before, or is kept for the receiver to read.
  tracked_.erase(tracked_.begin() + static_cast<std::ptrdiff_t>(tracked_published_));
  return obligation;
}

}  // namespace busbar
