// DirectoryWriter: the controller's access to the directory. Keeps the list of free entries in its
// own memory and never reads back what it wrote.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "core/directory/directory_layout.h"
#include "core/directory/directory_reader.h"
#include "platform/platform.h"

namespace busbar {

// One thread at a time.
class DirectoryWriter {
 public:
  // `epoch` is the first epoch; a successor continues its predecessor's.
  [[nodiscard]] static Result<std::unique_ptr<DirectoryWriter>> create(Platform& platform,
                                                                       std::uint64_t generation,
                                                                       std::uint64_t epoch);

  // Returns the new entry of `member`; LimitExceeded when all kMaxMembers, or for an observer all
  // kMaxObservers, are taken. The member's id must not be 0 and must never have been in this
  // directory.
  [[nodiscard]] Result<std::size_t> add(const Member& member);
  void set_flags(std::size_t entry, std::uint32_t pid, std::uint32_t flags) noexcept;
  // The label of `member` takes the place of the one in its entry; readers find one or the other.
  void set_label(std::size_t entry, const Member& member) noexcept;
  void remove(std::size_t entry);

  void set_controller(std::uint64_t id) noexcept;
  void set_generation(std::uint64_t generation) noexcept;

  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
  // A handle for members: read-only.
  [[nodiscard]] const Handle& handle() const noexcept { return handle_; }

 private:
  DirectoryWriter(std::unique_ptr<SharedMemory> memory, Handle handle, std::uint64_t generation,
                  std::uint64_t epoch);

  [[nodiscard]] DirectoryHeader& header() const noexcept;
  [[nodiscard]] DirectoryEntry& entry(std::size_t index) const noexcept;
  [[nodiscard]] ObserverEntry& observer_entry(std::size_t index) const noexcept;
  void write_conditions(std::size_t observer, const Member& member) noexcept;
  void write_label(std::size_t entry, const Member& member) noexcept;
  void publish() noexcept;

  std::unique_ptr<SharedMemory> memory_;
  Handle handle_;
  std::uint64_t generation_;
  std::uint64_t epoch_;
  std::size_t used_ = 0;
  std::vector<std::size_t> free_;
  // The entry of the observer whose conditions are at each place; kNoEntry where there are none.
  static constexpr std::size_t kNoEntry = ~std::size_t{0};
  std::array<std::size_t, kMaxObservers> entry_of_observer_;
  // The `label_turn` of each entry that was ever used.
  std::vector<std::uint64_t> turns_;
};

}  // namespace busbar
