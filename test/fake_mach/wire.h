// The messages on the sockets that act as ports, and to the server that acts as launchd and
// notifyd.
#pragma once

#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mach/mach.h"

namespace fake_mach {

enum class Object : std::uint8_t { Port = 1, Memory = 2, File = 3 };

// A right in a message; its descriptor travels beside it.
struct WireRight {
  std::uint64_t id = 0;
  Object object = Object::Port;
  bool receive = false;
};

// In front of each message: its rights; then the message as the sender wrote it.
struct WireHeader {
  std::uint32_t rights = 0;
  // A notification: this process sends it in the kernel's name.
  bool from_kernel = false;
};

inline constexpr std::size_t kMaxWireBytes = 40'000;
// SCM_MAX_FD.
inline constexpr std::size_t kMaxDescriptors = 253;

enum class Operation : std::uint8_t { CheckIn, LookUp, Register, Get, Set, Post };

struct Request {
  Operation operation = Operation::Get;
  // Of Register: the id of its notification messages.
  std::int32_t token = 0;
  std::uint64_t value = 0;
  char name[192] = {};
};

struct Reply {
  std::int32_t code = 0;
  std::uint64_t value = 0;
};

// --- one datagram with descriptors; -1 with errno, like the system's own calls ---

// Waits only if `wait` is set.
long send_datagram(int socket, std::span<const std::byte> bytes, std::span<const int> descriptors,
                   bool wait);
struct Received {
  std::vector<int> descriptors;
  std::uint32_t pid = 0;
  std::uint32_t uid = 0;
};
long receive_datagram(int socket, std::span<std::byte> room, Received& received, bool wait);
// The abstract address of the server with that name, which ends with the server; returns its size.
unsigned int server_address(const char* name, sockaddr_un& out);
// Makes both ends of a port. Each message carries its sender's credentials.
bool make_port_sockets(int& receive, int& send);

}  // namespace fake_mach
