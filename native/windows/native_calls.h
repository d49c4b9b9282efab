// The few ntdll calls without a documented counterpart: facts about the object behind a handle.
#pragma once

#include <cstdint>

#include "windows/kernel_handle.h"

namespace busbar::windows_platform {

struct SectionFacts {
  // SEC_ flags.
  std::uint32_t attributes = 0;
  std::uint64_t bytes = 0;
};

// False when `section` is not a section, or the query is not permitted.
[[nodiscard]] bool query_section(RawHandle section, SectionFacts& out) noexcept;
// True for an event that stays signaled until it is reset.
[[nodiscard]] bool is_manual_reset_event(RawHandle event) noexcept;
// True if both handles lead to one object.
[[nodiscard]] bool is_same_object(RawHandle one, RawHandle other) noexcept;
// True under Wine, which answers some calls differently from Windows.
[[nodiscard]] bool is_wine() noexcept;

}  // namespace busbar::windows_platform
