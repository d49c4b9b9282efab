// Serves the frames of members.
#include <algorithm>
#include <utility>

#include "core/controller/controller.h"

namespace busbar {
namespace {

// Frames of one member served in one turn, so that other members get theirs.
constexpr int kFramesOfAMember = 16;
// Introductions by one member held for another: one, and one that replaces it.
constexpr int kMaxHeldOfMember = 2;

}  // namespace

void Controller::serve(std::uint64_t token) {
  for (int taken = 0; taken < kFramesOfAMember; ++taken) {
    RosterMember* member = roster_->find_by_token(token);
    if (member == nullptr) return;
    const std::uint64_t id = member->facts.id;
    auto datagram = member->channel->receive();
    if (datagram.status() == Status::WouldBlock) return;
    // An introduction is lost, and only its sender knows which. The sender repeats it.
    if (datagram.status() == Status::OutOfDescriptors) {
      reserve_.let_go();
      notify(id, IntroduceFailedFrame{0, 0, Status::LimitExceeded});
      return;
    }
    if (!datagram) {
      drop(id);
      return;
    }
    auto frame = decode_frame(datagram.value().bytes, datagram.value().handles.size());
    if (!frame || !on_frame(*member, frame.value(), std::move(datagram.value().handles))) {
      drop(id);
      return;
    }
  }
}

// False: the member leaves or has broken the protocol.
bool Controller::on_frame(RosterMember& member, const ControlFrame& frame,
                          std::vector<Handle> handles) {
  if (const auto* introduction = std::get_if<IntroduceFrame>(&frame)) {
    introduce(member, *introduction, std::move(handles));
    reserve_.fill(platform_, roster_->directory().handle());
    return true;
  }
  if (const auto* awaited = std::get_if<AwaitChangeFrame>(&frame)) {
    member.awaited_epoch = awaited->epoch;
    return true;
  }
  if (std::holds_alternative<PingFrame>(frame)) {
    notify(member.facts.id, PongFrame{});
    return true;
  }
  if (std::holds_alternative<MissedFrame>(frame)) {
    missed_.add(member.facts.id);
    return true;
  }
  if (std::holds_alternative<ArrivedFrame>(frame)) {
    roster_->set_arriving(member, false);
    return true;
  }
  if (const auto* wish = std::get_if<RelabelFrame>(&frame)) return relabel(member, *wish);
  if (const auto* parked = std::get_if<ParkFrame>(&frame))
    return park(member, *parked, std::move(handles.front()));
  if (const auto* kept = std::get_if<KeptFrame>(&frame)) return events_.on_kept(kept->messages);
  if (std::holds_alternative<LeaveFrame>(frame)) {
    // Removed from the directory before Left is sent, as join is answered after it is listed.
    (void)drop(member.facts.id)->send(LeftFrame{});
  }
  return false;
}

// One portion at a time: a portion that is not read yet is a mapping in this process.
bool Controller::park(RosterMember& member, const ParkFrame& frame, Handle memory) {
  if (std::exchange(member.awaits_kept, true)) return false;
  const Member& facts = member.facts;
  const bool was_controller = (facts.flags & kMemberWasController) != 0;
  events_.on_parked({{facts.id, facts.pid, facts.label}, was_controller}, std::move(memory),
                    frame.bytes);
  return true;
}

bool Controller::awaits_kept(std::uint64_t id) const noexcept {
  const RosterMember* member = roster_->find(id);
  return member != nullptr && member->awaits_kept;
}

void Controller::answer_parked(std::uint64_t id, std::uint64_t kept) {
  RosterMember* member = roster_->find(id);
  if (member == nullptr || !std::exchange(member->awaits_kept, false)) return;
  notify(id, KeptFrame{kept});
}

void Controller::introduce(const RosterMember& from, const IntroduceFrame& frame,
                           std::vector<Handle> handles) {
  // The sender's id and pid are those that the controller knows, never those of a frame.
  const IntroducedFrame introduced{from.facts.id, from.facts.pid, frame.link_id, frame.ring_bytes};
  RosterMember* to = roster_->find(frame.to_id);
  Status passed = Status::PeerGone;
  if (to != nullptr) passed = pass_on(*to, introduced, std::move(handles));
  if (passed == Status::Ok) return;
  notify(from.facts.id, IntroduceFailedFrame{frame.to_id, frame.link_id, passed});
}

void Controller::repeat_missed() {
  for (const std::uint64_t missed : missed_.take_due(platform_.now(), roster_->members().size())) {
    for (const auto& [id, member] : roster_->members()) {
      notify(id, IntroduceFailedFrame{missed, 0, Status::LimitExceeded});
    }
  }
}

Status Controller::pass_on(RosterMember& to, const IntroducedFrame& frame,
                           std::vector<Handle> handles) {
  const bool waits = to.provisional() || to.channel->queued_handles() > 0;
  if (waits && (roster_->waiting_handles() >= kMaxWaitingHandles ||
                roster_->waiting_handles_of(frame.from_id) >= kMaxWaitingHandlesOfMember)) {
    return Status::LimitExceeded;
  }
  if (to.provisional()) {
    const auto from_it = std::count_if(to.held.begin(), to.held.end(), [&](const auto& held) {
      return held.frame.from_id == frame.from_id;
    });
    if (from_it >= kMaxHeldOfMember) return Status::LimitExceeded;
    if (to.held.size() == kMaxHeldIntroductions) return Status::LimitExceeded;
    to.held.push_back({frame, std::move(handles)});
    return Status::Ok;
  }
  const Status sent = to.channel->send(frame, std::move(handles), frame.from_id).status;
  // A resource that the receiver or this process lacks now may be there later.
  const bool final = sent == Status::Ok || sent == Status::PeerGone;
  return final ? sent : Status::LimitExceeded;
}

}  // namespace busbar
