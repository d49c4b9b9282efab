// Among the handles of libuv: uv_walk, uv_fileno.
#include "node/socket_search.h"

#include <uv.h>

#include <array>

namespace busbar::node {
namespace {

template <typename Ask>
SocketName name_by(Ask ask, const uv_tcp_t* tcp) {
  sockaddr_storage address{};
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  int bytes = sizeof address;
  std::array<char, 64> text{};
  if (ask(tcp, generic, &bytes) != 0 || uv_ip_name(generic, text.data(), text.size()) != 0) {
    return {};
  }
  // The port is at the same place in both families.
  return {text.data(), ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port)};
}

bool is_listening(uv_os_fd_t number) {
  DWORD listening = 0;
  int bytes = sizeof listening;
  return ::getsockopt(reinterpret_cast<SOCKET>(number), SOL_SOCKET, SO_ACCEPTCONN,
                      reinterpret_cast<char*>(&listening), &bytes) == 0 &&
         listening != 0;
}

struct Search {
  const SocketNames& wanted;
  std::int64_t found = -1;
};

void look_at(uv_handle_t* handle, void* data) {
  auto& search = *static_cast<Search*>(data);
  if (handle->type != UV_TCP || uv_is_closing(handle) != 0) return;
  const auto* tcp = reinterpret_cast<const uv_tcp_t*>(handle);
  if (name_by(uv_tcp_getsockname, tcp) != search.wanted.local ||
      name_by(uv_tcp_getpeername, tcp) != search.wanted.remote) {
    return;
  }
  uv_os_fd_t number{};
  if (uv_fileno(handle, &number) != 0) return;
  // A closed connection has no remote address either.
  if (search.wanted.remote.address.empty() && !is_listening(number)) return;
  search.found = reinterpret_cast<std::intptr_t>(number);
}

}  // namespace

std::int64_t find_socket(napi_env env, const SocketNames& names) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return -1;
  Search search{names};
  uv_walk(loop, look_at, &search);
  return search.found;
}

}  // namespace busbar::node
