// Taking office, events and timers, leaving office.
#include "core/controller/controller.h"

#include <algorithm>
#include <utility>

namespace busbar {
namespace {

using std::chrono::milliseconds;

// A round of Changed frames wakes every member that waits for one. The first change is sent at
// once; changes within this time after it share one round, or n joins would cost n * n wake-ups.
constexpr milliseconds kNoticeInterval{5};

// The next number. Wraps to 1 if a hostile member has brought the counter to its limit.
[[nodiscard]] std::uint64_t next_after(std::uint64_t number) noexcept {
  return number < kIdLimit - 1 ? number + 1 : 1;
}

void keep_earlier(std::optional<TimePoint>& earliest, std::optional<TimePoint> time) {
  if (time && (!earliest || *time < *earliest)) earliest = time;
}

}  // namespace

Result<std::unique_ptr<Controller>> Controller::create(Platform& platform, Reactor& reactor,
                                                       TokenSource& tokens, BusSecret secret,
                                                       std::unique_ptr<Listener> listener,
                                                       const BusLimits& limits,
                                                       Inheritance inherited,
                                                       ControllerEvents& events) {
  const std::uint64_t epoch = inherited.directory ? inherited.directory->epoch() : 0;
  const std::uint64_t generation = listener->begin_generation(next_after(inherited.generation));
  auto roster = Roster::create(platform, reactor, tokens, generation, next_after(epoch));
  if (!roster) return roster.error();
  if (inherited.directory != nullptr) {
    for (const auto listed_there :
         {inherited.directory->members(), inherited.directory->observers()}) {
      for (const Member& listed : listed_there) {
        const Error imported = roster.value()->import(listed, Roster::Source::Controller);
        if (!imported.ok()) return imported;
      }
    }
  }
  // A new endpoint gets its id now, so that no member ever sees a directory without a controller.
  if (inherited.self_id == 0) {
    auto id = roster.value()->new_id();
    if (!id) return id.error();
    inherited.self_id = id.value();
  }
  roster.value()->directory().set_controller(inherited.self_id);

  auto admission =
      Admission::create(platform, reactor, tokens, std::move(secret), std::move(listener));
  if (!admission) return admission.error();
  return std::unique_ptr<Controller>(
      new Controller(platform, roster.take(), admission.take(), limits, inherited, events));
}

Controller::Controller(Platform& platform, std::unique_ptr<Roster> roster,
                       std::unique_ptr<Admission> admission, const BusLimits& limits,
                       const Inheritance& inherited, ControllerEvents& events)
    : platform_(platform),
      events_(events),
      limits_(limits),
      roster_(std::move(roster)),
      admission_(std::move(admission)),
      self_id_(inherited.self_id),
      source_generation_(inherited.directory ? inherited.generation : 0),
      awaits_survivors_(inherited.awaits_survivors),
      started_(platform.now()) {
  reserve_.fill(platform_, roster_->directory().handle());
}

Controller::~Controller() = default;

void Controller::handle(const Readiness& readiness) {
  if (admission_->handle(readiness)) return follow_up();
  if (RosterMember* member = roster_->find_by_token(readiness.token)) {
    if (readiness.writable) member->channel->flush();
    if (readiness.readable) serve(readiness.token);
  } else if (const auto pid = roster_->processes().ended(readiness.token)) {
    end_process(*pid);
  } else if (!drop_waiting(readiness.token)) {
    return;
  }
  follow_up();
}

std::optional<TimePoint> Controller::next_deadline() const noexcept {
  std::optional<TimePoint> earliest = admission_->next_deadline();
  keep_earlier(earliest, roster_->processes().next_deadline());
  keep_earlier(earliest, roster_->next_overdue());
  keep_earlier(earliest, next_notice_);
  keep_earlier(earliest, next_labels_);
  keep_earlier(earliest, missed_.next_due());
  if (!unreachable_.empty()) keep_earlier(earliest, started_);
  if (!waiting_.empty()) keep_earlier(earliest, started_ + kReturnTime);
  return earliest;
}

void Controller::handle_deadline() {
  admission_->handle_deadline();
  roster_->processes().handle_deadline();
  for (const std::uint64_t id : roster_->overdue()) drop(id);
  follow_up();
}

void Controller::follow_up() {
  for (Applicant& applicant : admission_->take_applicants()) consider(std::move(applicant));
  consider_waiting();
  show_labels();
  repeat_missed();
  notify_of_changes();
  while (!unreachable_.empty()) {
    for (const std::uint64_t id : std::exchange(unreachable_, {})) {
      if (RosterMember* member = roster_->find(id)) cut_off(*member);
    }
    repeat_missed();
    notify_of_changes();
  }
}

void Controller::cut_off(RosterMember& member) {
  if (member.provisional()) return;
  roster_->demote(member);
  missed_.add(member.facts.id);
}

void Controller::notify_of_changes() {
  const TimePoint now = platform_.now();
  const std::uint64_t epoch = roster_->directory().epoch();
  const bool rests = last_notice_ && now < *last_notice_ + kNoticeInterval;
  next_notice_.reset();
  for (auto& [id, member] : roster_->members()) {
    if (!member.awaited_epoch || *member.awaited_epoch >= epoch) continue;
    if (rests) {
      next_notice_ = *last_notice_ + kNoticeInterval;
      return;
    }
    member.awaited_epoch.reset();
    last_notice_ = now;
    notify(id, ChangedFrame{epoch});
  }
}

void Controller::end_process(std::uint32_t pid) {
  std::vector<std::uint64_t> ended;
  for (const auto& [id, member] : roster_->members()) {
    if (member.provisional() && member.facts.pid == pid) ended.push_back(id);
  }
  for (const std::uint64_t id : ended) drop(id);
}

std::unique_ptr<ControlChannel> Controller::drop(std::uint64_t id) {
  RosterMember* member = roster_->find(id);
  if (member == nullptr) return nullptr;
  former_.add(member->facts);
  const std::vector<HeldIntroduction> held = std::move(member->held);
  std::unique_ptr<ControlChannel> channel = roster_->remove(id);
  for (const HeldIntroduction& introduction : held) {
    notify(introduction.frame.from_id,
           IntroduceFailedFrame{id, introduction.frame.link_id, Status::PeerGone});
  }
  return channel;
}

void Controller::notify(std::uint64_t id, const ControlFrame& frame) {
  RosterMember* member = roster_->find(id);
  if (member == nullptr || member->provisional()) return;
  const Error sent = member->channel->send(frame);
  // receive() reports a member that is gone; a member that does not read has to announce itself
  // again.
  if (!sent.ok() && sent.status != Status::PeerGone) unreachable_.push_back(id);
}

// Members that may take over the office, in order of preference.
std::vector<RosterMember*> Controller::successors() {
  std::vector<RosterMember*> found;
  for (auto& [id, member] : roster_->members()) {
    if (id == self_id_ || member.provisional()) continue;
    if ((member.facts.flags & kMemberNoAffinity) == 0) found.push_back(&member);
  }
  return found;
}

Error Controller::pass_on_parked(const Handle& memory, std::uint64_t bytes) {
  const Handle* handles[] = {&memory};
  for (RosterMember* successor : successors()) {
    if (successor->channel->send_now(ParkFrame{bytes}, handles).ok()) return {};
  }
  return {Status::NoController};
}

TimePoint Controller::knows_bus_at() const noexcept {
  const bool founded = generation() == 1;
  return founded || source_generation_ != 0 ? started_ : started_ + kReturnTime;
}

void Controller::retire(std::uint64_t holder) {
  roster_->remove(self_id_);
  const std::vector<RosterMember*> candidates = successors();
  for (RosterMember* candidate : candidates) {
    if (hand_over_to(*candidate, holder)) return;
  }
  // Candidates that could not be reached, or have not announced themselves to this controller yet,
  // find the name without a holder, as after a crash. While any member is left, generations are
  // counted on.
  if (candidates.empty() && roster_->provisional_count() == 0)
    admission_->listener().release_name(roster_->members().empty());
}

bool Controller::hand_over_to(RosterMember& successor, std::uint64_t holder) {
  auto door = admission_->listener().share();
  if (!door) return false;
  const Handle* handles[] = {&door.value()};
  return successor.channel->send_now(SucceedFrame{generation(), holder}, handles).ok();
}

}  // namespace busbar
