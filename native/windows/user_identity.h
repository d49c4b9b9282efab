// The user of a process, and objects that only this user may open.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "windows/kernel_handle.h"

namespace busbar::windows_platform {

// A PSID as text; empty when it is not valid.
[[nodiscard]] std::string sid_text(void* sid);
// The SID of this process's user as text, "S-1-5-21-...". Constant for the life of the process.
[[nodiscard]] const std::string& own_sid();
// A hash of the SID of process `pid`'s user; 0 when it is not known.
[[nodiscard]] std::uint64_t user_of(std::uint32_t pid);
// The same hash for this process.
[[nodiscard]] std::uint64_t own_user();

// True if this user made the named object, which may have existed before us.
[[nodiscard]] bool is_ours(RawHandle object);

// Security attributes for an object that this user owns and nobody else may open.
class PrivateAccess {
 public:
  PrivateAccess();
  ~PrivateAccess();
  PrivateAccess(const PrivateAccess&) = delete;
  PrivateAccess& operator=(const PrivateAccess&) = delete;
  // A borrowed SECURITY_ATTRIBUTES*; nullptr when out of memory.
  [[nodiscard]] void* attributes() noexcept;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace busbar::windows_platform
