// The few calls of ntdll that have no counterpart above it: what a handle is on.
#pragma once

#include <cstdint>

#include "windows/kernel_handle.h"

namespace busbar::windows_platform {

struct SectionFacts {
  // SEC_ flags.
  std::uint32_t attributes = 0;
  std::uint64_t bytes = 0;
};

// False when `section` is none, or may not be asked.
[[nodiscard]] bool query_section(RawHandle section, SectionFacts& out) noexcept;
// Whether it is an event that stays signaled until it is reset.
[[nodiscard]] bool is_manual_reset_event(RawHandle event) noexcept;
// Whether both lead to one object.
[[nodiscard]] bool is_same_object(RawHandle one, RawHandle other) noexcept;
// Whether this is Wine, whose answers are not always the system's.
[[nodiscard]] bool is_wine() noexcept;

}  // namespace busbar::windows_platform
