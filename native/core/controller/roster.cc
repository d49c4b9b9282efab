// Each change is made in the table, then in the directory.
#include "core/controller/roster.h"

#include <algorithm>
#include <utility>

#include "core/control/handshake.h"

namespace busbar {
namespace {

constexpr std::uint64_t kCounterBits = 20;
constexpr std::uint64_t kCounterMask = (std::uint64_t{1} << kCounterBits) - 1;
constexpr std::uint64_t kPrefixMask = (std::uint64_t{1} << 32U) - 1;

}  // namespace

Result<std::unique_ptr<Roster>> Roster::create(Platform& platform, Reactor& reactor,
                                               TokenSource& tokens, std::uint64_t generation,
                                               std::uint64_t epoch) {
  auto directory = DirectoryWriter::create(platform, generation, epoch);
  if (!directory) return directory.error();
  return std::unique_ptr<Roster>(new Roster(platform, reactor, tokens, directory.take()));
}

Roster::Roster(Platform& platform, Reactor& reactor, TokenSource& tokens,
               std::unique_ptr<DirectoryWriter> directory)
    : platform_(platform),
      directory_(std::move(directory)),
      processes_(platform, reactor, tokens) {}

Result<std::uint64_t> Roster::new_id() {
  // A prefix serves a million joins; a new one is drawn at first and when it is used up.
  while ((last_id_ & kCounterMask) == 0 || (last_id_ & kCounterMask) == kCounterMask) {
    auto number = draw_number(platform_);
    if (!number) return number.error();
    const std::uint64_t prefix = (number.value() & kPrefixMask) << kCounterBits;
    const auto taken = members_.lower_bound(prefix);
    const bool free = taken == members_.end() || taken->first > prefix + kCounterMask;
    if (prefix != 0 && free) return last_id_ = prefix + 1;
  }
  // Taken only if a hostile member came back with an id that it made up.
  do ++last_id_;
  while (members_.contains(last_id_) && (last_id_ & kCounterMask) != kCounterMask);
  return last_id_;
}

Result<RosterMember*> Roster::add(Member facts, std::unique_ptr<ControlChannel> channel) {
  auto entry = directory_->add(facts);
  if (!entry) return entry.error();
  const std::uint64_t id = facts.id;
  RosterMember& member = members_[id];
  member.facts = std::move(facts);
  member.entry = entry.value();
  member.channel = std::move(channel);
  id_by_instance_.emplace(member.facts.instance, id);
  if (member.provisional()) {
    expect(member);
  } else {
    id_by_token_[member.channel->token()] = id;
  }
  return &member;
}

Error Roster::import(const Member& listed, Source source) {
  // The same endpoint under another id: it never got the Welcome of its first admission.
  if (members_.contains(listed.id) || find_instance(listed.pid, listed.instance) != nullptr)
    return {};
  Member facts = listed;
  const bool was_controller = source == Source::Controller &&
                              (facts.flags & (kMemberController | kMemberWasController)) != 0;
  facts.flags = (facts.flags & (kMemberNoAffinity | kMemberRole)) | kMemberProvisional |
                (was_controller ? kMemberWasController : 0);
  auto added = add(std::move(facts), nullptr);
  if (added) added.value()->hearsay = source == Source::Member;
  return added.error();
}

void Roster::confirm(RosterMember& member, std::unique_ptr<ControlChannel> channel,
                     std::uint32_t flags) {
  --provisional_;
  processes_.remove(member.facts.pid);
  member.hearsay = false;
  member.channel = std::move(channel);
  id_by_token_[member.channel->token()] = member.facts.id;
  member.facts.flags = flags | (member.facts.flags & kMemberWasController);
  directory_->set_flags(member.entry, member.facts.pid, member.facts.flags);
}

void Roster::set_arriving(RosterMember& member, bool arriving) noexcept {
  if (member.arriving == arriving) return;
  member.arriving = arriving;
  arriving ? ++arriving_ : --arriving_;
}

void Roster::set_label(RosterMember& member, Label label, std::uint64_t revision) {
  if (member.facts.label == label && member.facts.label_revision == revision) return;
  member.facts.label = std::move(label);
  member.facts.label_revision = revision;
  directory_->set_label(member.entry, member.facts);
}

void Roster::demote(RosterMember& member) {
  if (member.provisional()) return;
  id_by_token_.erase(member.channel->token());
  member.channel.reset();
  set_arriving(member, false);
  member.awaited_epoch.reset();
  member.wanted_label.reset();
  member.awaits_kept = false;
  member.facts.flags =
      (member.facts.flags & (kMemberNoAffinity | kMemberWasController | kMemberRole)) |
      kMemberProvisional;
  directory_->set_flags(member.entry, member.facts.pid, member.facts.flags);
  expect(member);
}

void Roster::expect(RosterMember& member) {
  ++provisional_;
  member.expected_by = platform_.now() + kReturnLimit;
  processes_.add(member.facts.pid);
}

std::optional<TimePoint> Roster::next_overdue() const noexcept {
  std::optional<TimePoint> next;
  if (provisional_ == 0) return next;
  for (const auto& [id, member] : members_) {
    if (member.provisional() && (!next || member.expected_by < *next)) next = member.expected_by;
  }
  return next;
}

std::vector<std::uint64_t> Roster::overdue() {
  std::vector<std::uint64_t> ids;
  const TimePoint now = platform_.now();
  for (auto& [id, member] : members_) {
    if (!member.provisional() || member.expected_by > now) continue;
    if (!member.hearsay && platform_.is_stopped(member.facts.pid)) {
      member.expected_by = now + kReturnLimit;
    } else {
      ids.push_back(id);
    }
  }
  return ids;
}

std::unique_ptr<ControlChannel> Roster::remove(std::uint64_t id) {
  const auto found = members_.find(id);
  if (found == members_.end()) return nullptr;
  RosterMember& member = found->second;
  set_arriving(member, false);
  if (member.provisional()) {
    --provisional_;
    processes_.remove(member.facts.pid);
  } else {
    id_by_token_.erase(member.channel->token());
  }
  const std::size_t entry = member.entry;
  std::unique_ptr<ControlChannel> channel = std::move(member.channel);
  const auto instance = id_by_instance_.find(member.facts.instance);
  if (instance != id_by_instance_.end() && instance->second == id) id_by_instance_.erase(instance);
  members_.erase(found);
  directory_->remove(entry);
  return channel;
}

RosterMember* Roster::find(std::uint64_t id) noexcept {
  const auto found = members_.find(id);
  return found == members_.end() ? nullptr : &found->second;
}

RosterMember* Roster::find_by_token(std::uint64_t token) noexcept {
  const auto found = id_by_token_.find(token);
  return found == id_by_token_.end() ? nullptr : find(found->second);
}

RosterMember* Roster::find_instance(std::uint32_t pid, std::uint64_t instance) noexcept {
  const auto found = id_by_instance_.find(instance);
  RosterMember* member = found == id_by_instance_.end() ? nullptr : find(found->second);
  return member != nullptr && member->facts.pid == pid ? member : nullptr;
}

std::size_t Roster::observer_count() const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      members_, [](const auto& entry) { return entry.second.facts.is_observer(); }));
}

std::size_t Roster::waiting_handles() const noexcept {
  std::size_t count = 0;
  for (const auto& [id, member] : members_) {
    count += member.held.size() * kIntroductionHandles;
    if (member.channel) count += member.channel->queued_handles();
  }
  return count;
}

std::size_t Roster::waiting_handles_of(std::uint64_t sender) const noexcept {
  std::size_t count = 0;
  for (const auto& [id, member] : members_) {
    for (const HeldIntroduction& held : member.held)
      count += held.frame.from_id == sender ? kIntroductionHandles : 0;
    if (member.channel && member.channel->queued_handles() != 0)
      count += member.channel->queued_handles_of(sender);
  }
  return count;
}

}  // namespace busbar
