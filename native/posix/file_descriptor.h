// Descriptors for every file of this folder: own one as a Handle, duplicate one, turn an errno into
// a Status. Knows no particular kind of descriptor.
#pragma once

#include <string_view>

#include "base/status.h"
#include "platform/handle.h"

namespace busbar::posix {

// Owns `fd` from now on.
[[nodiscard]] Handle own_descriptor(int fd) noexcept;

// `handle` still owns it; -1 when it is empty.
[[nodiscard]] int borrow_descriptor(const Handle& handle) noexcept;

// Another descriptor on the same kernel object, close-on-exec. OutOfDescriptors at the limit.
[[nodiscard]] Result<Handle> duplicate_descriptor(int fd);

// How many descriptors this process may have open now.
[[nodiscard]] std::uint64_t descriptor_limit() noexcept;

// Takes ownership of a descriptor of the program and makes it close-on-exec. InvalidArgument when
// it is not open.
[[nodiscard]] Result<Handle> adopt_descriptor(std::intptr_t raw);

// The general meaning of an errno. Calls for which an errno means something else handle it
// themselves.
[[nodiscard]] Error error_of(int os_code) noexcept;
// As above, with the call that failed.
[[nodiscard]] Error error_of(int os_code, const FailedCall& at) noexcept;
// A failed call on a file. The value is never freed, so only the first 256 different ones keep
// their path. `call` and `advice` must be static strings.
[[nodiscard]] const FailedCall& failed_at(const char* call, std::string_view path,
                                          const char* advice = nullptr);

}  // namespace busbar::posix
