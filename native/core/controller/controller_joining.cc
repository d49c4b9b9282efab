// How applicants become members: newcomers, and members that come back after a change of
// controller.
#include <algorithm>
#include <map>
#include <utility>

#include "core/controller/controller.h"

namespace busbar {
namespace {

// Processes that one imported directory may add as provisional; others come by themselves.
constexpr std::size_t kMaxBroughtProcesses = 256;

[[nodiscard]] std::uint32_t flags_of(const Applicant& applicant) noexcept {
  return (applicant.announce.controller_affinity ? 0 : kMemberNoAffinity) |
         (applicant.announce.observes != nullptr ? kMemberObserver : 0) |
         (applicant.announce.observable ? 0 : kMemberUnobservable) |
         (applicant.is_self ? kMemberController : 0);
}

[[nodiscard]] bool same_endpoint(const Member& listed, const Applicant& applicant) noexcept {
  return listed.pid == applicant.channel->peer().pid &&
         listed.instance == applicant.announce.instance &&
         listed.is_observer() == (applicant.announce.observes != nullptr);
}

}  // namespace

bool Controller::survivors_are_back() const noexcept {
  return platform_.now() >= started_ + kReturnTime ||
         (roster_->provisional_count() == 0 && roster_->arriving_count() == 0 &&
          !awaits_survivors_);
}

// A member that has joined sees all others: newcomers wait for members of the generation before. A
// new controller's own endpoint waits at least for the first of these, which brings the list, and
// they wait for the controller's endpoint. No applicant waits longer than kReturnTime.
bool Controller::may_enter(const Applicant& applicant) {
  if (platform_.now() >= started_ + kReturnTime) return true;
  if (applicant.is_self) return !awaits_survivors_;
  if (applicant.announce.previous_id != 0) return roster_->find(self_id_) != nullptr;
  return survivors_are_back();
}

void Controller::consider(Applicant applicant) {
  const std::uint64_t id = applicant.announce.previous_id;
  const bool unknown = id != 0 && roster_->find(id) == nullptr;
  if (applicant.directory.valid()) import_directory(applicant);
  // The member may have been removed when its connection was lost, with introductions in it.
  if (unknown && roster_->find(id) != nullptr) missed_.add(id);
  if (may_enter(applicant)) return enter(std::move(applicant));
  if (roster_->members().size() + waiting_.size() >= limits_.endpoints) {
    return refuse(applicant, Status::LimitExceeded);
  }
  waiting_.push_back(std::move(applicant));
}

void Controller::consider_waiting() {
  // Each applicant that enters may be the one for which others wait.
  for (bool entered = true; entered && !waiting_.empty();) {
    entered = false;
    for (Applicant& applicant : std::exchange(waiting_, {})) {
      if (may_enter(applicant)) {
        enter(std::move(applicant));
        entered = true;
      } else {
        waiting_.push_back(std::move(applicant));
      }
    }
  }
}

void Controller::enter(Applicant applicant) {
  return applicant.announce.previous_id != 0 ? readmit(std::move(applicant))
                                             : admit(std::move(applicant));
}

void Controller::admit(Applicant applicant) {
  // Listed, but it never got Welcome: the controller died or the connection was closed before.
  RosterMember* known =
      roster_->find_instance(applicant.channel->peer().pid, applicant.announce.instance);
  if (known != nullptr) return enter_again(*known, std::move(applicant));

  auto id = applicant.is_self ? Result<std::uint64_t>(self_id_) : roster_->new_id();
  if (!id) return refuse(applicant, id.status());
  enlist(std::move(applicant), id.value());
}

// The controller's own endpoint always has room.
bool Controller::has_room_for(const Applicant& applicant) {
  const Roster::Members& members = roster_->members();
  if (members.size() >= kMaxMembers) return false;
  if (applicant.announce.observes != nullptr && roster_->observer_count() >= kMaxObservers)
    return false;
  if (applicant.is_self) return true;
  if (members.size() >= limits_.endpoints) return false;
  const std::uint32_t pid = applicant.channel->peer().pid;
  const auto of_process = std::count_if(members.begin(), members.end(), [pid](const auto& entry) {
    return entry.second.facts.pid == pid;
  });
  return static_cast<std::uint64_t>(of_process) < limits_.endpoints_per_process;
}

void Controller::enlist(Applicant applicant, std::uint64_t id) {
  if (!has_room_for(applicant)) return refuse(applicant, Status::LimitExceeded);
  Member facts{.id = id,
               .pid = applicant.channel->peer().pid,
               .flags = flags_of(applicant),
               .instance = applicant.announce.instance,
               .label = std::move(applicant.announce.label),
               .label_revision = applicant.announce.label_revision,
               .observes = std::move(applicant.announce.observes)};
  const bool returns = applicant.announce.previous_id != 0;
  auto member = roster_->add(std::move(facts), std::move(applicant.channel));
  // Listed first, then welcomed: a member that has joined is visible to all.
  if (member.ok()) welcome(*member.value(), returns);
}

void Controller::readmit(Applicant applicant) {
  const std::uint64_t id = applicant.announce.previous_id;
  RosterMember* member = roster_->find(id);
  const bool of_another =
      member != nullptr
          ? !same_endpoint(member->facts, applicant)
          : former_.was_of_another(id, applicant.channel->peer().pid, applicant.announce.instance);
  // No endpoint gets another endpoint's id. The second to claim an id may be its rightful owner,
  // and is admitted under a new id.
  if (of_another) return admit(std::move(applicant));
  // No directory listed it: its own could not be read, or a controller that it took for dead has
  // removed it, or this one has.
  if (member == nullptr) {
    missed_.add(id);
    return enlist(std::move(applicant), id);
  }
  enter_again(*member, std::move(applicant));
}

void Controller::enter_again(RosterMember& member, Applicant applicant) {
  // It has given up the connection that it had before.
  cut_off(member);
  const std::uint32_t flags = flags_of(applicant);
  if (applicant.is_self && self_id_ != member.facts.id) {
    self_id_ = member.facts.id;
    roster_->directory().set_controller(self_id_);
  }
  // Its own word: a directory may have been written before its last wish, or by a liar.
  roster_->set_label(member, std::move(applicant.announce.label),
                     applicant.announce.label_revision);
  const bool returns = applicant.announce.previous_id != 0;
  roster_->confirm(member, std::move(applicant.channel), flags);
  welcome(member, returns);
  for (HeldIntroduction& held : std::exchange(member.held, {})) {
    const Status passed = pass_on(member, held.frame, std::move(held.handles));
    if (passed == Status::Ok) continue;
    notify(held.frame.from_id, IntroduceFailedFrame{member.facts.id, held.frame.link_id, passed});
  }
}

// A newcomer may have become controller while members of the generation before live on, or a
// survivor that had missed a generation: returning members bring the directory that it does not
// know. A member in no such directory was known to no other.
void Controller::import_directory(Applicant& applicant) {
  auto memory =
      platform_.adopt_memory(std::move(applicant.directory), kDirectoryBytes, Access::ReadOnly);
  if (!memory) return;
  auto reader = DirectoryReader::create(memory.take());
  if (!reader || !reader.value()->refresh()) return;
  const std::uint64_t brought = reader.value()->generation();
  if (brought >= kIdLimit - 1) return;
  const Member* self = reader.value()->find(applicant.announce.previous_id);
  if (self == nullptr || !same_endpoint(*self, applicant)) return;

  awaits_survivors_ = false;
  // The directory is known already, and some of its members may have left; only the applicant
  // itself is added, which a deposed controller may have admitted since, or which was stopped while
  // generations passed. Or it is too late: a directory cannot be verified, so what it says about
  // others counts only while this office is so young that they may be on their way.
  if (brought <= source_generation_ || platform_.now() >= started_ + kReturnTime) {
    (void)roster_->import(*self, Roster::Source::Member);
    return;
  }
  import_members(*reader.value());
  source_generation_ = brought;
  if (generation() <= brought) {
    roster_->directory().set_generation(admission_->listener().begin_generation(brought + 1));
  }
}

// As many as a valid directory could have. When the bus is full, those that fit stay.
void Controller::import_members(const DirectoryReader& brought) {
  std::map<std::uint32_t, std::uint64_t> of_process;
  for (const auto& [id, member] : roster_->members()) ++of_process[member.facts.pid];
  std::vector<Member> all(brought.members().begin(), brought.members().end());
  all.insert(all.end(), brought.observers().begin(), brought.observers().end());
  for (const Member& listed : all) {
    if (roster_->members().size() >= limits_.endpoints) return;
    const bool new_process = !of_process.contains(listed.pid);
    // Each process is watched, which costs a descriptor.
    if (new_process && of_process.size() >= kMaxBroughtProcesses) continue;
    if (of_process[listed.pid] >= limits_.endpoints_per_process) continue;
    if (roster_->import(listed, Roster::Source::Member).ok()) ++of_process[listed.pid];
  }
}

void Controller::refuse(Applicant& applicant, Status why) {
  (void)applicant.channel->send(RefuseFrame{why});
}

void Controller::welcome(RosterMember& member, bool returns) {
  roster_->set_arriving(member, returns);
  const Handle* handles[] = {&roster_->directory().handle()};
  const WelcomeFrame frame{member.facts.id, generation(), kDirectoryBytes};
  const Status sent = member.channel->send_now(frame, handles).status;
  // A member that has closed its end meanwhile, even if its process lives on, is removed from the
  // directory as soon as the end is read.
  if (sent != Status::Ok && sent != Status::PeerGone) unreachable_.push_back(member.facts.id);
}

bool Controller::drop_waiting(std::uint64_t token) {
  const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Applicant& one) {
    return one.channel->token() == token;
  });
  if (found == waiting_.end()) return false;
  // An applicant sends nothing before Welcome.
  if (found->channel->receive().status() != Status::WouldBlock) waiting_.erase(found);
  return true;
}

}  // namespace busbar
