// Which observers want copies, and the copies.
#include "core/endpoint/observers.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <utility>

namespace busbar {
namespace {

// For a link that could not be made: something that this process lacks may be there again.
constexpr std::chrono::milliseconds kLinkRetry{50};

template <typename Function>
void for_each_bit(ObserverMask mask, Function function) {
  for (; mask != 0; mask = static_cast<ObserverMask>(mask & (mask - 1U)))
    function(static_cast<std::size_t>(std::countr_zero(mask)));
}

}  // namespace

// An observer that is linked lives, also while a new controller does not list it yet: the end of
// the link's channel tells when it is gone.
bool Observers::is_linked(const Place& place) noexcept {
  return place.to != nullptr && place.to->link->state() == OutboundLink::State::Attached;
}

void Observers::look(const DirectoryReader& directory, std::uint64_t self_id) {
  if (!observable_ || (used_ == 0 && directory.observers().empty()) ||
      seen_epoch_ == directory.seen_epoch())
    return;
  seen_epoch_ = directory.seen_epoch();
  drop_absent(directory);
  add_new(directory);
  const Member* self = directory.find(self_id);
  of_sender_ = about(self_id, self == nullptr ? Label() : self->label);
  for (auto& [peer, to] : recipients_) {
    const Member* listed = directory.find(peer);
    if (listed != nullptr) to.observers = between(*listed);
  }
}

void Observers::drop_absent(const DirectoryReader& directory) {
  ObserverMask dropped = 0;
  for_each_bit(used_, [&](std::size_t index) {
    Place& place = places_[index];
    const Member* listed = directory.find(place.id);
    if ((listed != nullptr && listed->is_observer()) || is_linked(place)) return;
    dropped = static_cast<ObserverMask>(dropped | bit(index));
    place = {};
  });
  used_ = static_cast<ObserverMask>(used_ & ~dropped);
  if (dropped == 0) return;
  for (auto& [peer, to] : recipients_)
    to.observers = static_cast<ObserverMask>(to.observers & ~dropped);
}

void Observers::add_new(const DirectoryReader& directory) {
  for (const Member& listed : directory.observers()) {
    if (std::ranges::find(places_, listed.id, &Place::id) != places_.end()) continue;
    const auto free = std::ranges::find(places_, 0U, &Place::id);
    // One that is linked and not listed has the place; it is found at the next change.
    if (free == places_.end()) return;
    free->id = listed.id;
    free->pid = listed.pid;
    free->conditions = listed.observes;
    used_ =
        static_cast<ObserverMask>(used_ | bit(static_cast<std::size_t>(free - places_.begin())));
  }
}

ObserverMask Observers::about(std::uint64_t id, const Label& label) const noexcept {
  ObserverMask mask = 0;
  for_each_bit(used_, [&](std::size_t index) {
    if (places_[index].conditions->match().matches(id, label))
      mask = static_cast<ObserverMask>(mask | bit(index));
  });
  return mask;
}

ObserverMask Observers::between(const Member& receiver) const noexcept {
  if (used_ == 0 || !receiver.observable() || receiver.is_observer()) return 0;
  return static_cast<ObserverMask>(of_sender_ | about(receiver.id, receiver.label));
}

std::uint64_t Observers::clock() const noexcept {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(platform_.now().time_since_epoch())
          .count());
}

std::uint64_t Observers::time_before(ObserverMask mask) const noexcept {
  bool has_room = false;
  for_each_bit(static_cast<ObserverMask>(mask & used_), [&](std::size_t index) {
    const Recipient* to = places_[index].to;
    has_room = has_room || to == nullptr || !to->link->copies_full();
  });
  return has_room ? clock() : 0;
}

ObserverMask Observers::choose(ObserverMask mask, const Uuid& type) {
  ObserverMask chosen = 0;
  for_each_bit(static_cast<ObserverMask>(mask & used_), [&](std::size_t index) {
    Place& place = places_[index];
    if (place.broken || !place.conditions->wants(type)) return;
    if (place.to == nullptr && !open(place)) {
      ++place.lost;
    } else if (place.to->link->copies_full()) {
      place.to->link->lose();
    } else {
      chosen = static_cast<ObserverMask>(chosen | bit(index));
    }
  });
  return chosen;
}

bool Observers::open(Place& place) {
  if (place.retry_at && platform_.now() < *place.retry_at) return false;
  place.to = outlet_.open_for_copies(place.id, place.pid);
  if (place.to == nullptr) {
    place.retry_at = platform_.now() + kLinkRetry;
    return false;
  }
  place.retry_at.reset();
  if (place.lost != 0) place.to->link->lose(std::exchange(place.lost, 0));
  return true;
}

void Observers::copy(ObserverMask mask, ObservedMessage& message) {
  if (message.head.time_ns == 0) message.head.time_ns = clock();
  for_each_bit(mask, [&](std::size_t index) {
    Place& place = places_[index];
    // Making room for the others may have ended a link.
    if (place.to == nullptr) return;
    (void)place.to->link->put_copy(message, place.conditions->payload_bytes());
    outlet_.tend_after_copy(*place.to);
  });
}

void Observers::forget(const Recipient& gone) noexcept {
  const auto found = std::ranges::find(places_, &gone, &Place::to);
  if (found == places_.end()) return;
  found->to = nullptr;
  found->broken = true;
  // It may be listed no more, and its place be free.
  seen_epoch_ = 0;
}

std::size_t Observers::link_count() const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(places_, [](const Place& place) { return place.to != nullptr; }));
}

}  // namespace busbar
