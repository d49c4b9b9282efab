// BCryptGenRandom.
#include "windows/system_random.h"

#include "windows/windows_api.h"

#include <bcrypt.h>

namespace busbar::windows_platform {

Error fill_random(std::span<std::byte> out) {
  if (out.empty()) return {};
  const NTSTATUS status =
      ::BCryptGenRandom(nullptr, reinterpret_cast<PUCHAR>(out.data()),
                        static_cast<ULONG>(out.size()), BCRYPT_USE_SYSTEM_PREFERRED_RNG);
  return status >= 0 ? Error{} : Error{Status::System, static_cast<std::int32_t>(status)};
}

}  // namespace busbar::windows_platform
