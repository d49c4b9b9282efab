// Who a process belongs to, and objects that only this user may open.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "windows/kernel_handle.h"

namespace busbar::windows_platform {

// A PSID as text; empty when it is none.
[[nodiscard]] std::string sid_text(void* sid);
// The user's SID as text, "S-1-5-21-...". Of this process; the same for its whole life.
[[nodiscard]] const std::string& own_sid();
// A hash of the SID of the user whom process `pid` belongs to; 0 when that cannot be known.
[[nodiscard]] std::uint64_t user_of(std::uint32_t pid);
// Of this process.
[[nodiscard]] std::uint64_t own_user();

// Whether a named object that was perhaps here before us was made by this user.
[[nodiscard]] bool is_ours(RawHandle object);

// What an object is made with so that this user owns it and nobody else may open it.
class PrivateAccess {
 public:
  PrivateAccess();
  ~PrivateAccess();
  PrivateAccess(const PrivateAccess&) = delete;
  PrivateAccess& operator=(const PrivateAccess&) = delete;
  // A SECURITY_ATTRIBUTES*, to be borrowed; nullptr when there is no memory.
  [[nodiscard]] void* attributes() noexcept;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace busbar::windows_platform
