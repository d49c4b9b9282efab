// What every file of this folder needs of HANDLEs: owning one as a Handle, a second one on the same
// object, and GetLastError() as a Status. Knows no particular kind of object.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "platform/handle.h"

namespace busbar::windows_platform {

// HANDLE without windows.h.
using RawHandle = void*;

// Owns `raw` from now on.
[[nodiscard]] Handle own_handle(RawHandle raw) noexcept;

// Still owned by `handle`; nullptr when it holds none.
[[nodiscard]] RawHandle borrow_handle(const Handle& handle) noexcept;

// Another handle on the same object. `access`: the rights it is to have, 0 for the same ones.
[[nodiscard]] Result<Handle> duplicate_handle(RawHandle raw, std::uint32_t access = 0);

// Whether `raw` is a handle in the table of this process: not nothing, and none of the numbers that
// stand for the caller's own process, thread or token.
[[nodiscard]] bool is_open(RawHandle raw) noexcept;

// A process, to be used with these rights (PROCESS_..., SYNCHRONIZE). While it is open nobody else
// gets its number.
[[nodiscard]] Result<Handle> open_process(std::uint32_t pid, std::uint32_t rights);

// The general meaning of a GetLastError(). Calls where one means something else say so where they
// stand.
[[nodiscard]] Error error_of(std::uint32_t os_code) noexcept;
[[nodiscard]] Error last_error() noexcept;

}  // namespace busbar::windows_platform
