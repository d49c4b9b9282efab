// What an endpoint reports about members, and what they see of it: its label.
#include <utility>

#include "core/endpoint/endpoint_control.h"

namespace busbar {

Result<std::uint64_t> EndpointControl::relabel(Label label) {
  if (!closing_.open() || id_ == 0) return Status::Closed;
  label_ = std::move(label);
  label_changed_ = true;
  wake();
  return ++label_revision_;
}

void EndpointControl::tend_label() {
  if (std::exchange(label_changed_, false)) membership_->relabel(label_, label_revision_);
}

std::vector<std::uint32_t> EndpointControl::follow_senders_now() {
  (void)directory_->refresh();
  followed_epoch_ = directory_->seen_epoch();
  receiver_.follow(*directory_);
  return receiver_.take_relabelled();
}

void EndpointControl::on_relabelled(std::uint64_t revision) { notify(RelabelledNotice{revision}); }

std::vector<Member> EndpointControl::report_members(bool wanted) {
  std::vector<Member> now = members();
  changes_.report(wanted, now);
  departures_.clear();
  for (const std::uint64_t id : receiver_.senders()) note_sender(id);
  wake();
  return now;
}

// A link of this peer leads here. What the program knows will be said to have left; of others it
// has to hear when they have ended nevertheless.
void EndpointControl::note_sender(std::uint64_t id) {
  if (changes_.wanted() && !changes_.knows(id)) departures_.add(id, false);
}

// At the end of a turn, since the step that closed a link reports what its receiver had not taken.
void EndpointControl::report_due_changes() {
  if (!changes_due_ || directory_ == nullptr) return;
  // Before a controller removed a member it had passed on what that member introduced: the links of
  // a member that is no longer listed are known when all frames were read.
  if (changes_.wanted() && !membership_->catch_up()) return wake();
  changes_due_ = false;
  if (!closing_.closed()) report_member_changes();
}

void EndpointControl::report_member_changes() {
  if (!changes_.wanted()) return;
  PeersNotice changes =
      changes_.take(*directory_, id_, [this](std::uint64_t id) { return sender_.has_link(id); });
  for (const Member& member : changes.left) departures_.add(member.id, true);
  if (!changes.empty()) notify(std::move(changes));
  report_ended();
}

void EndpointControl::report_ended() {
  if (departures_.empty()) return;
  const auto senders = receiver_.senders();
  const auto ended = departures_.take([&](std::uint64_t id) {
    return changes_.knows(id) || directory_->find(id) != nullptr || senders.contains(id);
  });
  for (const std::uint64_t id : ended) notify(PeerEndedNotice{id});
}

// Everything in it was read, unless it broke the protocol. In the thread that has read it, so that
// what it has read comes before the notice.
void EndpointControl::inbound_closed(std::unique_ptr<InboundLink> link) {
  const std::uint64_t id = link->peer_id();
  notify(LinkClosedNotice{link->slot()});
  watches_.retire(std::move(link));
  wake();
  if (!departures_.contains(id) || changes_.knows(id) || receiver_.has_link_of(id)) return;
  // Of one that nobody has heard of, more may be on its way.
  if (!departures_.has_left(id)) {
    changes_due_ = true;
    return;
  }
  departures_.remove(id);
  notify(PeerEndedNotice{id});
}

// The program hears of a member before anything is sent there. It never hears of observers.
void EndpointControl::link_opened(OutboundLink& link) {
  const Member* to = directory_->find(link.peer_id());
  if (to != nullptr && !to->is_observer() && changes_.learn(*to))
    notify(PeersNotice{.joined = {*to}, .left = {}, .relabelled = {}});
  watches_.add(link);
  wake();
}

void EndpointControl::link_closed(std::unique_ptr<OutboundLink> link) {
  changes_due_ = true;
  watches_.retire(std::move(link));
  wake();
}

}  // namespace busbar
