// HANDLEs for every file of this folder: own one as a Handle, duplicate one, turn GetLastError()
// into a Status. Knows no particular kind of object.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "platform/handle.h"

namespace busbar::windows_platform {

// HANDLE without windows.h.
using RawHandle = void*;

// Owns `raw` from now on.
[[nodiscard]] Handle own_handle(RawHandle raw) noexcept;

// `handle` still owns it; nullptr when it is empty.
[[nodiscard]] RawHandle borrow_handle(const Handle& handle) noexcept;

// Another handle to the same object. `access`: its rights; 0 for those of `raw`.
[[nodiscard]] Result<Handle> duplicate_handle(RawHandle raw, std::uint32_t access = 0);

// True if `raw` is in the handle table of this process: not null, and not a pseudo-handle of the
// caller's own process, thread or token.
[[nodiscard]] bool is_open(RawHandle raw) noexcept;

// Opens a process with these rights (PROCESS_..., SYNCHRONIZE). While the handle is open, no other
// process gets the same pid.
[[nodiscard]] Result<Handle> open_process(std::uint32_t pid, std::uint32_t rights);

// The general meaning of a GetLastError(). Calls for which a code means something else handle it
// themselves.
[[nodiscard]] Error error_of(std::uint32_t os_code) noexcept;
[[nodiscard]] Error last_error() noexcept;

}  // namespace busbar::windows_platform
