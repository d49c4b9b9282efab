// WSADuplicateSocket, WSASocket, closesocket.
#include "windows/system_socket.h"

#include <cstring>

#include "windows/kernel_handle.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {
namespace {

static_assert(kSocketDescriptionBytes == offsetof(WSAPROTOCOL_INFOW, szProtocol));

void close_socket(std::intptr_t raw) noexcept { ::closesocket(static_cast<SOCKET>(raw)); }

// Once per process: Node has started Winsock already, other programs may not.
bool winsock_is_there() noexcept {
  static const bool started = [] {
    WSADATA ignored{};
    return ::WSAStartup(MAKEWORD(2, 2), &ignored) == 0;
  }();
  return started;
}

Error socket_error() noexcept {
  const int code = ::WSAGetLastError();
  switch (code) {
    case WSAEMFILE:
      return {Status::OutOfDescriptors, code};
    case WSAENOBUFS:
    case WSA_NOT_ENOUGH_MEMORY:
      return {Status::OutOfMemory, code};
    // Also when the target process no longer exists.
    case WSAEACCES:
    case WSAEINVAL:
      return {Status::Permission, code};
    case WSAENOTSOCK:
      return {Status::InvalidArgument, code};
    default:
      return error_of(static_cast<std::uint32_t>(code));
  }
}

}  // namespace

bool is_socket(const Handle& handle) noexcept { return handle.closer() == close_socket; }

Result<SocketDescription> describe_socket(std::intptr_t raw, std::uint32_t pid) {
  if (!winsock_is_there()) return Status::Unsupported;
  WSAPROTOCOL_INFOW info{};
  if (::WSADuplicateSocketW(static_cast<SOCKET>(raw), pid, &info) != 0) return socket_error();
  SocketDescription description;
  std::memcpy(description.data(), &info, description.size());
  return description;
}

Result<Handle> own_socket(const SocketDescription& description) {
  if (!winsock_is_there()) return Status::Unsupported;
  WSAPROTOCOL_INFOW info{};
  std::memcpy(&info, description.data(), description.size());
  const SOCKET made = ::WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO,
                                   &info, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  if (made == INVALID_SOCKET) {
    const Error error = socket_error();
    const bool ours =
        error.status == Status::OutOfMemory || error.status == Status::OutOfDescriptors;
    return ours ? error : Error{Status::ProtocolViolation, error.os_code};
  }
  return Handle(static_cast<std::intptr_t>(made), close_socket);
}

Result<Handle> duplicate_socket(std::intptr_t raw) {
  auto description = describe_socket(raw, ::GetCurrentProcessId());
  if (!description) return description.error();
  return own_socket(description.value());
}

}  // namespace busbar::windows_platform
