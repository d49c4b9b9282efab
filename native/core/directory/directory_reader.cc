// Copies entries out of memory that another process may write at any moment, checks the copies, and
// only then puts them into members().
#include "core/directory/directory_reader.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace busbar {
namespace {

// An entry changes at most a few times in its life, so the second attempt nearly always succeeds;
// the bound is for a hostile writer.
constexpr int kCopyTries = 8;

}  // namespace

Result<std::unique_ptr<DirectoryReader>> DirectoryReader::create(
    std::unique_ptr<SharedMemory> memory) {
  if (memory->size() != kDirectoryBytes) return Status::ProtocolViolation;
  std::unique_ptr<DirectoryReader> reader(new DirectoryReader(std::move(memory)));
  const DirectoryHeader& header = reader->header();
  if (header.magic.load(std::memory_order_acquire) != kDirectoryMagic ||
      header.version.load(std::memory_order_relaxed) != kDirectoryVersion ||
      header.capacity.load(std::memory_order_relaxed) != kMaxMembers ||
      header.entry_bytes.load(std::memory_order_relaxed) != sizeof(DirectoryEntry)) {
    return Status::ProtocolViolation;
  }
  return reader;
}

DirectoryReader::DirectoryReader(std::unique_ptr<SharedMemory> memory)
    : memory_(std::move(memory)),
      header_(reinterpret_cast<const DirectoryHeader*>(memory_->data())) {}

const DirectoryEntry& DirectoryReader::entry(std::size_t index) const noexcept {
  return reinterpret_cast<const DirectoryEntry*>(memory_->data() + sizeof(DirectoryHeader))[index];
}

const ObserverEntry& DirectoryReader::observer_entry(std::size_t index) const noexcept {
  return reinterpret_cast<const ObserverEntry*>(memory_->data() + kObserversOffset)[index];
}

std::uint64_t DirectoryReader::generation() const noexcept {
  return header().generation.load(std::memory_order_acquire);
}

std::uint64_t DirectoryReader::controller_id() const noexcept {
  return header().controller_id.load(std::memory_order_acquire);
}

bool DirectoryReader::refresh() {
  const std::uint64_t now = epoch();
  const std::size_t used =
      std::min<std::uint64_t>(header().used.load(std::memory_order_acquire), kMaxMembers);
  std::vector<Change> changes;
  for (std::size_t index = 0; index < used; ++index) {
    // A change after `now` was read has a later epoch; the next refresh finds it.
    if (entry(index).changed_at.load(std::memory_order_acquire) <= seen_epoch_) continue;
    Change change{index, std::nullopt};
    if (!copy(index, change.member)) return false;
    changes.push_back(std::move(change));
  }

  for (const Change& change : changes) erase(change.entry);
  for (Change& change : changes) {
    if (change.member) insert(change.entry, *std::move(change.member));
  }
  seen_epoch_ = now;
  return true;
}

bool DirectoryReader::copy(std::size_t index, std::optional<Member>& out_member) const {
  const DirectoryEntry& source = entry(index);
  for (int attempt = 0; attempt < kCopyTries; ++attempt) {
    const std::uint64_t id = source.id.load(std::memory_order_acquire);
    if (id == 0 || id >= kIdLimit) return true;

    const std::uint64_t pid_and_flags = source.pid_and_flags.load(std::memory_order_acquire);
    const std::uint64_t instance = source.instance.load(std::memory_order_acquire);
    const std::uint64_t turn = source.label_turn.load(std::memory_order_acquire);
    const DirectoryLabel& place = source.labels[turn % 2];
    const auto unchanged = [&source, id, turn] {
      return source.id.load(std::memory_order_relaxed) == id &&
             source.label_turn.load(std::memory_order_relaxed) == turn;
    };
    const std::uint64_t revision = place.revision.load(std::memory_order_acquire);
    const std::uint64_t label_bytes = place.bytes.load(std::memory_order_acquire);
    if (label_bytes > kMaxLabelBytes) {
      if (unchanged()) return true;
      continue;
    }
    std::array<std::byte, kMaxLabelBytes> label;
    for (std::size_t at = 0; at < label_bytes; at += 8) {
      const std::uint64_t word = place.words[at / 8].load(std::memory_order_acquire);
      std::memcpy(label.data() + at, &word, 8);
    }
    std::shared_ptr<const ObserverConditions> observes;
    const auto flags = static_cast<std::uint32_t>(pid_and_flags >> 32U);
    if ((flags & kMemberObserver) != 0) observes = copy_conditions(id);
    // The acquires above keep these loads after them: had any of those words belonged to a later
    // member or label, the id or the turn would have changed by now.
    if (!unchanged()) continue;

    auto decoded = Label::decode(std::span(label).first(static_cast<std::size_t>(label_bytes)));
    if (!decoded || ((flags & kMemberObserver) != 0 && observes == nullptr)) return true;
    out_member = Member{.id = id,
                        .pid = static_cast<std::uint32_t>(pid_and_flags),
                        .flags = flags,
                        .instance = instance,
                        .label = decoded.take(),
                        .label_revision = revision,
                        .observes = std::move(observes)};
    return true;
  }
  return false;
}

std::shared_ptr<const ObserverConditions> DirectoryReader::copy_conditions(std::uint64_t id) const {
  for (std::size_t index = 0; index < kMaxObservers; ++index) {
    const ObserverEntry& source = observer_entry(index);
    if (source.id.load(std::memory_order_acquire) != id) continue;
    const std::uint64_t bytes = source.condition_bytes.load(std::memory_order_acquire);
    if (bytes > kMaxConditionBytes) return nullptr;
    std::array<std::byte, kMaxConditionBytes> copied;
    for (std::size_t at = 0; at < bytes; at += 8) {
      const std::uint64_t word = source.conditions[at / 8].load(std::memory_order_acquire);
      std::memcpy(copied.data() + at, &word, 8);
    }
    auto decoded =
        ObserverConditions::decode(std::span(copied).first(static_cast<std::size_t>(bytes)));
    if (!decoded) return nullptr;
    return std::make_shared<const ObserverConditions>(decoded.take());
  }
  return nullptr;
}

void DirectoryReader::erase(std::size_t entry) {
  if (const auto observer = std::ranges::find(entry_of_observer_, entry);
      observer != entry_of_observer_.end()) {
    observers_.erase(observers_.begin() + (observer - entry_of_observer_.begin()));
    entry_of_observer_.erase(observer);
    return;
  }
  const auto found = position_by_entry_.find(entry);
  if (found == position_by_entry_.end()) return;
  const std::size_t position = found->second;
  const std::size_t last = members_.size() - 1;
  position_by_id_.erase(members_[position].id);
  position_by_entry_.erase(found);
  if (position != last) {
    members_[position] = std::move(members_[last]);
    entry_of_[position] = entry_of_[last];
    position_by_id_[members_[position].id] = position;
    position_by_entry_[entry_of_[position]] = position;
  }
  members_.pop_back();
  entry_of_.pop_back();
}

void DirectoryReader::prefer_labels_of(const DirectoryReader& former) {
  for (const Member& member : former.members()) {
    if (member.label_revision != 0) former_.insert_or_assign(member.id, member);
  }
  for (Member& member : members_) use_former_label(member);
}

// Until the member has announced itself to the controller of this directory, which then knows.
void DirectoryReader::use_former_label(Member& member) {
  const auto found = former_.find(member.id);
  if (found == former_.end()) return;
  const Member& former = found->second;
  const bool same = former.pid == member.pid && former.instance == member.instance;
  if (!same || (member.flags & kMemberProvisional) == 0) {
    former_.erase(found);
  } else if (former.label_revision > member.label_revision) {
    member.label = former.label;
    member.label_revision = former.label_revision;
  }
}

void DirectoryReader::insert(std::size_t entry, Member member) {
  // A writer that lists an id twice is broken; the first entry counts.
  if (find(member.id) != nullptr) return;
  if (member.is_observer()) {
    // More than there can be: a broken writer, that names one place for several.
    if (observers_.size() == kMaxObservers) return;
    observers_.push_back(std::move(member));
    entry_of_observer_.push_back(entry);
    return;
  }
  position_by_id_.emplace(member.id, members_.size());
  if (!former_.empty()) use_former_label(member);
  position_by_entry_.emplace(entry, members_.size());
  members_.push_back(std::move(member));
  entry_of_.push_back(entry);
}

const Member* DirectoryReader::find(std::uint64_t id) const noexcept {
  const auto found = position_by_id_.find(id);
  if (found != position_by_id_.end()) return &members_[found->second];
  const auto observer = std::ranges::find(observers_, id, &Member::id);
  return observer == observers_.end() ? nullptr : &*observer;
}

}  // namespace busbar
