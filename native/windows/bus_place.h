// BusPlace: where the processes of one bus name meet. A named section stores the current holder;
// the holder's pipe and bell have its number in their names:
//
//   Local\busbar-<digest>            section: number of the holder, of the last generation
//   Local\busbar-<digest>-lock       mutex: held to change the section
//   \\.\pipe\busbar-<digest>-<holder>   the holder's door
//   Local\busbar-<digest>-<holder>   event: the holder's bell
//
// So another process can take the name from a holder that does not answer, although the holder
// keeps its pipe. Everything is gone when the last process of the bus has ended. The digest is of
// user, session and identifier.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "windows/kernel_handle.h"

namespace busbar::windows_platform {

// The content of the section; only the holder of the lock writes it. Any process of this user could
// write anything there, so nothing but plain numbers is read from it.
struct PlaceRecord {
  // 0: nobody holds the name.
  std::atomic<std::uint64_t> holder;
  std::atomic<std::uint64_t> last_generation;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// Belongs to the thread that took it; the same thread must release it.
class NameLock {
 public:
  explicit NameLock(RawHandle mutex) noexcept : mutex_(mutex) {}
  NameLock(NameLock&& other) noexcept : mutex_(std::exchange(other.mutex_, nullptr)) {}
  NameLock& operator=(NameLock&&) = delete;
  ~NameLock();

 private:
  RawHandle mutex_;
};

class BusPlace {
 public:
  [[nodiscard]] static Result<std::shared_ptr<const BusPlace>> open(std::string_view identifier);
  BusPlace(std::string base, Handle section, Handle mutex, PlaceRecord* record) noexcept;
  ~BusPlace();
  BusPlace(const BusPlace&) = delete;
  BusPlace& operator=(const BusPlace&) = delete;

  [[nodiscard]] PlaceRecord& record() const noexcept { return *record_; }
  // WouldBlock when another thread or process holds it.
  [[nodiscard]] Result<NameLock> try_lock() const;
  [[nodiscard]] std::string pipe_of(std::uint64_t holder) const;
  [[nodiscard]] std::string bell_of(std::uint64_t holder) const;

 private:
  std::string base_;
  Handle section_;
  Handle mutex_;
  PlaceRecord* record_;
};

}  // namespace busbar::windows_platform
