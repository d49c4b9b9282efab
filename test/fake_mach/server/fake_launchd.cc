// The server of the fake: services, which are free once no process receives on them, and
// notifications with their states, which live while any process is registered. `fake_launchd
// <name>` serves at that abstract name until its input ends.
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "port_space.h"

namespace fake_mach {
namespace {

constexpr int kUnknownService = 1102;
constexpr int kServiceActive = 1103;

struct Service {
  std::uint64_t id = 0;
  int sender = -1;
};

struct Client {
  // The name of a registration.
  std::string name;
  int sender = -1;
  std::int32_t token = 0;
};

class Server {
 public:
  void add_client(int connection) { clients_[connection] = {}; }

  [[nodiscard]] std::vector<pollfd> watched() const {
    std::vector<pollfd> all;
    for (const auto& [connection, client] : clients_) all.push_back({connection, POLLIN, 0});
    return all;
  }

  // Serves one request, or the end of the client.
  void serve(int connection) {
    Request request;
    Received received;
    const long got = receive_datagram(connection, std::as_writable_bytes(std::span(&request, 1)),
                                      received, false);
    if (got != static_cast<long>(sizeof request)) {
      if (got >= 0 || errno != EAGAIN) remove(connection);
      return;
    }
    Reply reply;
    std::vector<int> descriptors;
    answer(connection, request, received, reply, descriptors);
    send_datagram(connection, std::as_bytes(std::span(&reply, 1)), descriptors, true);
    // Only the client keeps the receiving end.
    if (descriptors.size() == 2) ::close(descriptors[0]);
  }

 private:
  void answer(int connection, const Request& request, const Received& received, Reply& reply,
              std::vector<int>& descriptors) {
    const std::string name = request.name;
    Client& client = clients_.at(connection);
    switch (request.operation) {
      case Operation::CheckIn: {
        if (find_service(name) != nullptr) {
          reply.code = kServiceActive;
          return;
        }
        Service service{random_id(), -1};
        int receive = -1;
        make_port_sockets(receive, service.sender);
        descriptors = {receive, service.sender};
        services_[name] = service;
        reply.value = service.id;
        return;
      }
      case Operation::LookUp: {
        const Service* service = find_service(name);
        if (service == nullptr) {
          reply.code = kUnknownService;
          return;
        }
        reply.value = service->id;
        descriptors = {service->sender};
        return;
      }
      case Operation::Register:
        client = {name, received.descriptors.empty() ? -1 : received.descriptors[0], request.token};
        states_.try_emplace(name, 0);
        return;
      case Operation::Get:
        reply.value = states_[name];
        return;
      case Operation::Set:
        states_[name] = request.value;
        return;
      case Operation::Post:
        for (const auto& [other, each] : clients_) {
          if (each.name == name && each.sender >= 0) post(each);
        }
        return;
    }
  }

  Service* find_service(const std::string& name) {
    const auto found = services_.find(name);
    if (found == services_.end()) return nullptr;
    pollfd poll{found->second.sender, 0, 0};
    ::poll(&poll, 1, 0);
    if ((poll.revents & (POLLERR | POLLHUP)) == 0) return &found->second;
    ::close(found->second.sender);
    services_.erase(found);
    return nullptr;
  }

  static void post(const Client& client) {
    struct {
      WireHeader wire;
      mach_msg_header_t header;
    } message{};
    message.header.msgh_size = sizeof(mach_msg_header_t);
    message.header.msgh_id = client.token;
    send_datagram(client.sender, std::as_bytes(std::span(&message, 1)), {}, false);
  }

  void remove(int connection) {
    const Client gone = clients_.at(connection);
    clients_.erase(connection);
    ::close(connection);
    if (gone.sender >= 0) ::close(gone.sender);
    for (const auto& [other, each] : clients_) {
      if (each.name == gone.name) return;
    }
    states_.erase(gone.name);
  }

  std::map<int, Client> clients_;
  std::map<std::string, Service> services_;
  std::map<std::string, std::uint64_t> states_;
};

int listen_at(const char* name) {
  const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  const socklen_t size = server_address(name, address);
  if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(fd, 4096) != 0) {
    return -1;
  }
  return fd;
}

}  // namespace
}  // namespace fake_mach

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const int door = fake_mach::listen_at(argv[1]);
  if (door < 0) return 1;
  (void)std::puts("ready");
  (void)std::fflush(stdout);
  fake_mach::Server server;
  for (;;) {
    std::vector<pollfd> watched = server.watched();
    watched.push_back({door, POLLIN, 0});
    watched.push_back({STDIN_FILENO, POLLIN, 0});
    if (::poll(watched.data(), watched.size(), -1) < 0) continue;
    if (watched.back().revents != 0) return 0;
    watched.pop_back();
    if (watched.back().revents != 0) {
      const int connection = ::accept4(door, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection >= 0) server.add_client(connection);
    }
    watched.pop_back();
    for (const pollfd& each : watched) {
      if (each.revents != 0) server.serve(each.fd);
    }
  }
}
