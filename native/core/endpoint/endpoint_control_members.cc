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

void EndpointControl::report_member_changes() {
  if (!changes_.wanted()) return;
  PeersNotice changes =
      changes_.take(*directory_, id_, [this](std::uint64_t id) { return sender_.has_link(id); });
  if (!changes.empty()) notify(std::move(changes));
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
  link_closed_ = true;
  watches_.retire(std::move(link));
  wake();
}

// After the step that closed the link, since that step reports what the receiver had not taken.
void EndpointControl::report_late_departures() {
  if (std::exchange(link_closed_, false) && directory_ != nullptr) report_member_changes();
}

}  // namespace busbar
