// CloseHandle, DuplicateHandle, GetLastError.
#include "windows/kernel_handle.h"

#include "windows/windows_api.h"

namespace busbar::windows_platform {

Handle own_handle(RawHandle raw) noexcept {
  return {reinterpret_cast<std::intptr_t>(raw),
          [](std::intptr_t owned) noexcept { ::CloseHandle(reinterpret_cast<HANDLE>(owned)); }};
}

RawHandle borrow_handle(const Handle& handle) noexcept {
  return handle.valid() ? reinterpret_cast<RawHandle>(handle.borrow()) : nullptr;
}

Result<Handle> duplicate_handle(RawHandle raw, std::uint32_t access) {
  if (!is_open(raw)) return Error{Status::InvalidArgument, ERROR_INVALID_HANDLE};
  HANDLE copy = nullptr;
  const HANDLE self = ::GetCurrentProcess();
  if (::DuplicateHandle(self, raw, self, &copy, access, FALSE,
                        access == 0 ? DUPLICATE_SAME_ACCESS : 0) == 0) {
    return last_error();
  }
  return own_handle(copy);
}

bool is_open(RawHandle raw) noexcept {
  // -1 to -6 are pseudo-handles of the caller, and the lowest two bits are free for its own use.
  const auto number = reinterpret_cast<std::intptr_t>(raw);
  if (number <= 0 || (number & 3) != 0) return false;
  DWORD flags = 0;
  return ::GetHandleInformation(raw, &flags) != 0;
}

Result<Handle> open_process(std::uint32_t pid, std::uint32_t rights) {
  const HANDLE raw = ::OpenProcess(rights, FALSE, pid);
  if (raw == nullptr) return last_error();
  return own_handle(raw);
}

Error error_of(std::uint32_t os_code) noexcept {
  const auto code = static_cast<std::int32_t>(os_code);
  switch (os_code) {
    case ERROR_SUCCESS:
      return {};
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_COMMITMENT_LIMIT:
    case ERROR_NOT_ENOUGH_QUOTA:
      return {Status::OutOfMemory, code};
    case ERROR_TOO_MANY_OPEN_FILES:
    case ERROR_NO_SYSTEM_RESOURCES:
      return {Status::OutOfDescriptors, code};
    case ERROR_ACCESS_DENIED:
      return {Status::Permission, code};
    case ERROR_INVALID_HANDLE:
    case ERROR_INVALID_PARAMETER:
      return {Status::InvalidArgument, code};
    case ERROR_BROKEN_PIPE:
    case ERROR_NO_DATA:
    case ERROR_PIPE_NOT_CONNECTED:
    case ERROR_BAD_PIPE:
      return {Status::PeerGone, code};
    case ERROR_PIPE_BUSY:
      return {Status::WouldBlock, code};
    default:
      return {Status::System, code};
  }
}

Error last_error() noexcept { return error_of(::GetLastError()); }

}  // namespace busbar::windows_platform
