// The order of the stores matters here: see directory_layout.h. Stores of an entry's content are
// releases, so that a reader of one of them also sees that the entry was freed before. A fence
// would do the same, but ThreadSanitizer does not know fences.
#include "core/directory/directory_writer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace busbar {
namespace {

[[nodiscard]] std::uint64_t pack(std::uint32_t pid, std::uint32_t flags) noexcept {
  return std::uint64_t{pid} | std::uint64_t{flags} << 32U;
}

}  // namespace

Result<std::unique_ptr<DirectoryWriter>> DirectoryWriter::create(Platform& platform,
                                                                 std::uint64_t generation,
                                                                 std::uint64_t epoch) {
  auto memory = platform.create_memory(kDirectoryBytes, Access::ReadOnly);
  if (!memory) return memory.error();
  auto handle = memory.value()->share();
  if (!handle) return handle.error();
  // One handle is enough for all members that it is sent to.
  memory.value()->stop_sharing();
  return std::unique_ptr<DirectoryWriter>(
      new DirectoryWriter(memory.take(), handle.take(), generation, epoch));
}

DirectoryWriter::DirectoryWriter(std::unique_ptr<SharedMemory> memory, Handle handle,
                                 std::uint64_t generation, std::uint64_t epoch)
    : memory_(std::move(memory)),
      handle_(std::move(handle)),
      generation_(generation),
      epoch_(epoch) {
  entry_of_observer_.fill(kNoEntry);
  header().version.store(kDirectoryVersion, std::memory_order_relaxed);
  header().capacity.store(kMaxMembers, std::memory_order_relaxed);
  header().entry_bytes.store(sizeof(DirectoryEntry), std::memory_order_relaxed);
  header().generation.store(generation, std::memory_order_relaxed);
  header().epoch.store(epoch, std::memory_order_relaxed);
  header().magic.store(kDirectoryMagic, std::memory_order_release);
}

DirectoryHeader& DirectoryWriter::header() const noexcept {
  return *reinterpret_cast<DirectoryHeader*>(memory_->data());
}

DirectoryEntry& DirectoryWriter::entry(std::size_t index) const noexcept {
  return reinterpret_cast<DirectoryEntry*>(memory_->data() + sizeof(DirectoryHeader))[index];
}

ObserverEntry& DirectoryWriter::observer_entry(std::size_t index) const noexcept {
  return reinterpret_cast<ObserverEntry*>(memory_->data() + kObserversOffset)[index];
}

// The id last, as in a member's entry.
void DirectoryWriter::write_conditions(std::size_t observer, const Member& member) noexcept {
  ObserverEntry& target = observer_entry(observer);
  const std::vector<std::byte> bytes = member.observes->encode();
  target.condition_bytes.store(bytes.size(), std::memory_order_release);
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, std::min<std::size_t>(8, bytes.size() - at));
    target.conditions[at / 8].store(word, std::memory_order_release);
  }
  target.id.store(member.id, std::memory_order_release);
}

Result<std::size_t> DirectoryWriter::add(const Member& member) {
  const auto observer = std::ranges::find(entry_of_observer_, kNoEntry);
  const bool observes = member.observes != nullptr;
  if (observes && observer == entry_of_observer_.end()) return Status::LimitExceeded;
  std::size_t index = used_;
  if (!free_.empty()) {
    index = free_.back();
    free_.pop_back();
  } else if (used_ == kMaxMembers) {
    return Status::LimitExceeded;
  } else {
    turns_.push_back(0);
    header().used.store(++used_, std::memory_order_release);
  }

  if (observes) {
    *observer = index;
    write_conditions(static_cast<std::size_t>(observer - entry_of_observer_.begin()), member);
  }
  DirectoryEntry& target = entry(index);
  target.changed_at.store(epoch_ + 1, std::memory_order_release);
  target.pid_and_flags.store(pack(member.pid, member.flags), std::memory_order_release);
  target.instance.store(member.instance, std::memory_order_release);
  write_label(index, member);
  target.id.store(member.id, std::memory_order_release);
  publish();
  return index;
}

// Into the place that the entry's turn does not choose, and then the turn.
void DirectoryWriter::write_label(std::size_t index, const Member& member) noexcept {
  const auto label = member.label.encoded();
  const std::uint64_t turn = ++turns_[index];
  DirectoryLabel& place = entry(index).labels[turn % 2];
  place.revision.store(member.label_revision, std::memory_order_release);
  place.bytes.store(label.size(), std::memory_order_release);
  for (std::size_t at = 0; at < label.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, label.data() + at, std::min<std::size_t>(8, label.size() - at));
    place.words[at / 8].store(word, std::memory_order_release);
  }
  entry(index).label_turn.store(turn, std::memory_order_release);
}

void DirectoryWriter::set_label(std::size_t index, const Member& member) noexcept {
  write_label(index, member);
  entry(index).changed_at.store(epoch_ + 1, std::memory_order_release);
  publish();
}

void DirectoryWriter::set_flags(std::size_t index, std::uint32_t pid,
                                std::uint32_t flags) noexcept {
  entry(index).pid_and_flags.store(pack(pid, flags), std::memory_order_release);
  entry(index).changed_at.store(epoch_ + 1, std::memory_order_release);
  publish();
}

void DirectoryWriter::remove(std::size_t index) {
  entry(index).id.store(0, std::memory_order_release);
  entry(index).changed_at.store(epoch_ + 1, std::memory_order_release);
  free_.push_back(index);
  const auto observer = std::ranges::find(entry_of_observer_, index);
  if (observer != entry_of_observer_.end()) {
    observer_entry(static_cast<std::size_t>(observer - entry_of_observer_.begin()))
        .id.store(0, std::memory_order_release);
    *observer = kNoEntry;
  }
  publish();
}

void DirectoryWriter::set_controller(std::uint64_t id) noexcept {
  header().controller_id.store(id, std::memory_order_release);
  publish();
}

void DirectoryWriter::set_generation(std::uint64_t generation) noexcept {
  generation_ = generation;
  header().generation.store(generation, std::memory_order_release);
  publish();
}

void DirectoryWriter::publish() noexcept {
  header().epoch.store(++epoch_, std::memory_order_release);
}

}  // namespace busbar
