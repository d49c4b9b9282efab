// DirectoryWriter: the controller's hand on the directory. Keeps which entries are free in its own
// memory; never reads back what it has written.
#pragma once

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
  // `epoch` is the first one; a successor goes on from its predecessor's.
  [[nodiscard]] static Result<std::unique_ptr<DirectoryWriter>> create(Platform& platform,
                                                                       std::uint64_t generation,
                                                                       std::uint64_t epoch);

  // The entry that holds `member` from now on; LimitExceeded when all kMaxMembers are taken. The
  // member's id must not be 0 and never have been in this directory before.
  [[nodiscard]] Result<std::size_t> add(const Member& member);
  void set_flags(std::size_t entry, std::uint32_t pid, std::uint32_t flags) noexcept;
  void remove(std::size_t entry);

  void set_controller(std::uint64_t id) noexcept;
  void set_generation(std::uint64_t generation) noexcept;

  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
  // Read-only for whoever gets it.
  [[nodiscard]] const Handle& handle() const noexcept { return handle_; }

 private:
  DirectoryWriter(std::unique_ptr<SharedMemory> memory, Handle handle, std::uint64_t generation,
                  std::uint64_t epoch);

  [[nodiscard]] DirectoryHeader& header() const noexcept;
  [[nodiscard]] DirectoryEntry& entry(std::size_t index) const noexcept;
  void publish() noexcept;

  std::unique_ptr<SharedMemory> memory_;
  Handle handle_;
  std::uint64_t generation_;
  std::uint64_t epoch_;
  std::size_t used_ = 0;
  std::vector<std::size_t> free_;
};

}  // namespace busbar
