// bootstrap_* and notify_*: requests to the server, whose address is in FAKE_MACH. A registration
// is a connection that stays open.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <utility>

#include "macos/mach_api.h"
#include "port_space.h"

using namespace fake_mach;
using busbar::macos_platform::kNotifyOk;

namespace {

constexpr std::uint32_t kNotifyFailed = 1'000'000;

struct Registration {
  int connection = -1;
  std::string name;
  mach_port_t port = MACH_PORT_NULL;
};

std::map<int, Registration>& registrations() {
  static auto& all = *new std::map<int, Registration>;
  return all;
}

int connect_to_server() {
  const char* name = std::getenv("FAKE_MACH");
  if (name == nullptr) {
    (void)std::fputs("FAKE_MACH is not set: the fake has no server\n", stderr);
    std::abort();
  }
  const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  sockaddr_un address{};
  const socklen_t size = server_address(name, address);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0) return fd;
  ::close(fd);
  return -1;
}

bool ask(int connection, const Request& request, std::span<const int> descriptors, Reply& reply,
         Received& received) {
  return send_datagram(connection, std::as_bytes(std::span(&request, 1)), descriptors, true) > 0 &&
         receive_datagram(connection, std::as_writable_bytes(std::span(&reply, 1)), received,
                          true) == static_cast<long>(sizeof reply);
}

Request request_of(Operation operation, const char* name, std::uint64_t value = 0) {
  Request request;
  request.operation = operation;
  request.value = value;
  std::strncpy(request.name, name, sizeof request.name - 1);
  return request;
}

kern_return_t ask_for_port(Operation operation, const char* service, mach_port_t* port) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  const int connection = connect_to_server();
  if (connection < 0) return KERN_FAILURE;
  Reply reply;
  Received received;
  const bool answered = ask(connection, request_of(operation, service), {}, reply, received);
  ::close(connection);
  if (!answered) return KERN_FAILURE;
  if (reply.code != 0) return reply.code;
  const WireRight right{reply.value, Object::Port, operation == Operation::CheckIn};
  *port = space.take_right(right, received.descriptors.at(0));
  if (right.receive) space.find(*port)->maker = received.descriptors.at(1);
  return KERN_SUCCESS;
}

std::uint32_t enroll(const char* name, mach_port_t port, int sender, int* token) {
  static int next_token = 1;
  const std::lock_guard guard(PortSpace::get().mutex);
  const int connection = connect_to_server();
  if (connection < 0) return kNotifyFailed;
  Request request = request_of(Operation::Register, name);
  request.token = next_token;
  Reply reply;
  Received received;
  const std::span<const int> descriptors =
      sender < 0 ? std::span<const int>() : std::span<const int>(&sender, 1);
  if (!ask(connection, request, descriptors, reply, received)) {
    ::close(connection);
    return kNotifyFailed;
  }
  *token = next_token++;
  registrations()[*token] = {connection, name, port};
  return kNotifyOk;
}

std::uint32_t exchange(int token, Operation operation, std::uint64_t value, std::uint64_t* state) {
  const std::lock_guard guard(PortSpace::get().mutex);
  const auto found = registrations().find(token);
  if (found == registrations().end()) return kNotifyFailed;
  Reply reply;
  Received received;
  const Request request = request_of(operation, found->second.name.c_str(), value);
  if (!ask(found->second.connection, request, {}, reply, received)) return kNotifyFailed;
  if (state != nullptr) *state = reply.value;
  return kNotifyOk;
}

}  // namespace

kern_return_t bootstrap_check_in(mach_port_t, const char* service, mach_port_t* receive) {
  return ask_for_port(Operation::CheckIn, service, receive);
}

kern_return_t bootstrap_look_up(mach_port_t, const char* service, mach_port_t* send) {
  return ask_for_port(Operation::LookUp, service, send);
}

uint32_t notify_register_check(const char* name, int* token) {
  return enroll(name, MACH_PORT_NULL, -1, token);
}

uint32_t notify_register_mach_port(const char* name, mach_port_t* port, int, int* token) {
  if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, port) != KERN_SUCCESS)
    return kNotifyFailed;
  const std::uint32_t code = enroll(name, *port, PortSpace::get().find(*port)->maker, token);
  if (code != kNotifyOk) mach_port_mod_refs(mach_task_self(), *port, MACH_PORT_RIGHT_RECEIVE, -1);
  return code;
}

uint32_t notify_get_state(int token, uint64_t* state) {
  return exchange(token, Operation::Get, 0, state);
}

uint32_t notify_set_state(int token, uint64_t state) {
  return exchange(token, Operation::Set, state, nullptr);
}

uint32_t notify_post(const char* name) {
  const std::lock_guard guard(PortSpace::get().mutex);
  const int connection = connect_to_server();
  if (connection < 0) return kNotifyFailed;
  Reply reply;
  Received received;
  const bool answered = ask(connection, request_of(Operation::Post, name), {}, reply, received);
  ::close(connection);
  return answered ? kNotifyOk : kNotifyFailed;
}

uint32_t notify_cancel(int token) {
  const std::lock_guard guard(PortSpace::get().mutex);
  const auto found = registrations().find(token);
  if (found == registrations().end()) return kNotifyFailed;
  const Registration gone = std::move(found->second);
  registrations().erase(found);
  ::close(gone.connection);
  if (gone.port != MACH_PORT_NULL)
    mach_port_mod_refs(mach_task_self(), gone.port, MACH_PORT_RIGHT_RECEIVE, -1);
  return kNotifyOk;
}
