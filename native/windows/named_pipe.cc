// CreateNamedPipe and CreateFile.
#include "windows/named_pipe.h"

#include "windows/user_identity.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {
namespace {

// The system's buffer for a slow reader: six of the largest datagrams, charged to the process that
// makes the pipe.
constexpr DWORD kPipeBytes = 64 * 1024;

}  // namespace

Result<Handle> create_pipe(const std::string& name, std::uint32_t instances, bool first) {
  PrivateAccess access;
  if (access.attributes() == nullptr) return Status::OutOfMemory;
  const HANDLE pipe = ::CreateNamedPipeA(
      name.c_str(),
      PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0),
      PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS, instances,
      kPipeBytes, kPipeBytes, 0, static_cast<SECURITY_ATTRIBUTES*>(access.attributes()));
  if (pipe == INVALID_HANDLE_VALUE) return last_error();
  return own_handle(pipe);
}

Result<Handle> open_pipe(const std::string& name) {
  const HANDLE raw = ::CreateFileA(
      name.c_str(), GENERIC_READ | GENERIC_WRITE | FILE_WRITE_ATTRIBUTES, 0, nullptr, OPEN_EXISTING,
      FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, nullptr);
  if (raw == INVALID_HANDLE_VALUE) return last_error();
  Handle pipe = own_handle(raw);
  DWORD mode = PIPE_READMODE_MESSAGE;
  if (::SetNamedPipeHandleState(raw, &mode, nullptr, nullptr) == 0) return last_error();
  return pipe;
}

bool pipe_exists(const std::string& name) noexcept {
  constexpr DWORD kMilliseconds = 1;
  return ::WaitNamedPipeA(name.c_str(), kMilliseconds) != 0 ||
         ::GetLastError() != ERROR_FILE_NOT_FOUND;
}

bool query_pipe(RawHandle pipe, PipeFacts& out) noexcept {
  DWORD flags = 0;
  DWORD instances = 0;
  if (::GetFileType(pipe) != FILE_TYPE_PIPE ||
      ::GetNamedPipeInfo(pipe, &flags, nullptr, nullptr, &instances) == 0 ||
      (flags & PIPE_TYPE_MESSAGE) == 0) {
    return false;
  }
  out = {(flags & PIPE_SERVER_END) != 0, instances == 1};
  return true;
}

}  // namespace busbar::windows_platform
