// DirectoryReader: a member's view of the directory that the controller writes. Holds private
// copies only: members() never shows a later or half-finished write.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "core/directory/directory_layout.h"
#include "core/selector/label.h"
#include "platform/shared_memory.h"

namespace busbar {

struct Member {
  std::uint64_t id = 0;
  std::uint32_t pid = 0;
  // kMember... flags of directory_layout.h.
  std::uint32_t flags = 0;
  // A random number that the endpoint chose; tells two endpoints of one process apart.
  std::uint64_t instance = 0;
  Label label;
  // How often the endpoint has changed its label, by its own count.
  std::uint64_t label_revision = 0;
  // Of an observer; null for all other members.
  std::shared_ptr<const ObserverConditions> observes{};

  [[nodiscard]] bool is_observer() const noexcept { return (flags & kMemberObserver) != 0; }
  [[nodiscard]] bool observable() const noexcept { return (flags & kMemberUnobservable) == 0; }
};

// One thread at a time, except epoch(), which any thread may call.
class DirectoryReader {
 public:
  // Verifies size, magic, version and capacity; ProtocolViolation when they do not fit.
  [[nodiscard]] static Result<std::unique_ptr<DirectoryReader>> create(
      std::unique_ptr<SharedMemory> memory);

  // Grows with every change. One acquire load.
  [[nodiscard]] std::uint64_t epoch() const noexcept {
    return header_->epoch.load(std::memory_order_acquire);
  }
  // The current values in the memory, unverified; they may change while the directory lives.
  [[nodiscard]] std::uint64_t generation() const noexcept;
  [[nodiscard]] std::uint64_t controller_id() const noexcept;

  // Brings members() up to date, copying only entries that changed. Bounded, and not disturbed by a
  // writer that died in the middle of a write. Returns false only when an entry kept changing
  // during the copy; members() then stays as it was. Invalid entries count as free.
  [[nodiscard]] bool refresh();
  // The directory of the generation before, as it was read last. A new controller may not know yet
  // what the former one has written last: until a member has announced itself, the newer of the two
  // labels is its label.
  void prefer_labels_of(const DirectoryReader& former);
  // The members as of the last successful refresh except observers, in no particular order, and the
  // epoch of that refresh.
  [[nodiscard]] std::span<const Member> members() const noexcept { return members_; }
  [[nodiscard]] std::uint64_t seen_epoch() const noexcept { return seen_epoch_; }
  // The observers as of the last successful refresh: at most kMaxObservers.
  [[nodiscard]] std::span<const Member> observers() const noexcept { return observers_; }
  // nullptr when there is no such member or observer. Valid until the next refresh.
  [[nodiscard]] const Member* find(std::uint64_t id) const noexcept;

 private:
  struct Change {
    std::size_t entry;
    std::optional<Member> member;
  };

  explicit DirectoryReader(std::unique_ptr<SharedMemory> memory);

  [[nodiscard]] const DirectoryHeader& header() const noexcept { return *header_; }
  [[nodiscard]] const DirectoryEntry& entry(std::size_t index) const noexcept;
  [[nodiscard]] const ObserverEntry& observer_entry(std::size_t index) const noexcept;
  // False when the entry changed during every attempt.
  [[nodiscard]] bool copy(std::size_t index, std::optional<Member>& out_member) const;
  // nullptr when they are not there, or invalid.
  [[nodiscard]] std::shared_ptr<const ObserverConditions> copy_conditions(std::uint64_t id) const;
  void erase(std::size_t entry);
  void insert(std::size_t entry, Member member);
  void use_former_label(Member& member);

  std::unique_ptr<SharedMemory> memory_;
  const DirectoryHeader* header_;
  std::uint64_t seen_epoch_ = 0;
  std::vector<Member> members_;
  // Parallel to members_: the entry of each member.
  std::vector<std::size_t> entry_of_;
  // See prefer_labels_of().
  std::unordered_map<std::uint64_t, Member> former_;
  std::unordered_map<std::size_t, std::size_t> position_by_entry_;
  std::unordered_map<std::uint64_t, std::size_t> position_by_id_;
  // A few, kept apart so that nothing that is sent can go to one. The entry of each is beside it.
  std::vector<Member> observers_;
  std::vector<std::size_t> entry_of_observer_;
};

}  // namespace busbar
