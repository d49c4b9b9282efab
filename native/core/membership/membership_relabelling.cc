// Another label for this endpoint. It is announced to every controller that it comes to, and asked
// for until one of them has answered that all members see it.
#include <utility>

#include "core/membership/membership_impl.h"

namespace busbar {
namespace {

// When a label that could not be sent, since the channel is full, is tried again.
constexpr std::chrono::milliseconds kLabelRetry{10};

}  // namespace

void Membership::Impl::relabel(Label label, std::uint64_t revision) {
  turn([&] {
    config_.label = std::move(label);
    label_revision_ = revision;
    relabelling_ = true;
    if (phase_ == Phase::Member) send_label();
  });
}

void Membership::Impl::send_label() {
  deadlines_.clear(Deadline::Label);
  if (phase_ != Phase::Member || leaving_.begun() || !relabelling_) return;
  if (!channel_->send(RelabelFrame{label_revision_, config_.label}).ok())
    return deadlines_.set(Deadline::Label, platform_.now() + kLabelRetry);
  expect_answer();
}

void Membership::Impl::on_relabelled(const RelabelledFrame& frame) {
  if (leaving_.begun()) return;
  if (!relabelling_ || frame.revision > label_revision_) return lose_controller();
  // Answered by a controller that was deposed meanwhile: its successor may have read the directory
  // before the label was in it. That one is asked again.
  if (name_has_moved()) return follow_name();
  if (frame.revision == label_revision_) relabelling_ = false;
  events_.on_relabelled(frame.revision);
}

}  // namespace busbar
