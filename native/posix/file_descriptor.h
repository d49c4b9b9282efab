// What every file of this folder needs of descriptors: owning one as a Handle, a second one on the
// same object, and errno as a Status. Knows no particular kind of descriptor.
#pragma once

#include <string_view>

#include "base/status.h"
#include "platform/handle.h"

namespace busbar::posix {

// Owns `fd` from now on.
[[nodiscard]] Handle own_descriptor(int fd) noexcept;

// Still owned by `handle`; -1 when it holds none.
[[nodiscard]] int borrow_descriptor(const Handle& handle) noexcept;

// Another descriptor on the same kernel object, close-on-exec. OutOfDescriptors at the limit.
[[nodiscard]] Result<Handle> duplicate_descriptor(int fd);

// How many this process may have open now.
[[nodiscard]] std::uint64_t descriptor_limit() noexcept;

// Owns a descriptor of the program's from now on and makes it close-on-exec. InvalidArgument when
// it is not open.
[[nodiscard]] Result<Handle> adopt_descriptor(std::intptr_t raw);

// The general meaning of an errno. Calls where one means something else say so where they stand.
[[nodiscard]] Error error_of(int os_code) noexcept;
// The same with what failed.
[[nodiscard]] Error error_of(int os_code, const FailedCall& at) noexcept;
// A call on a file. What is made here stays for ever, so only so many different ones keep their
// path. `call` and `advice` are static strings.
[[nodiscard]] const FailedCall& failed_at(const char* call, std::string_view path,
                                          const char* advice = nullptr);

}  // namespace busbar::posix
