// ObjectName: the number by which a program knows a kernel object, and the kind of that number.
#pragma once

#include <cstdint>

namespace busbar {

// Programs see these numbers.
enum class ObjectKind : std::uint8_t {
  // A descriptor; a HANDLE on Windows.
  Descriptor = 0,
  // A Winsock socket.
  Socket = 1,
  // A send right to a Mach port.
  MachPort = 2,
  // Not usable by a program; only a broken or hostile peer sends such an object.
  Unusable = 3,
};

struct ObjectName {
  ObjectKind kind = ObjectKind::Unusable;
  std::intptr_t number = -1;
};

}  // namespace busbar
