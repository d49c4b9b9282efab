// What a program knows one of its kernel objects by: a number, and what it is a number of.
#pragma once

#include <cstdint>

namespace busbar {

// Told to programs by these numbers.
enum class ObjectKind : std::uint8_t {
  // A descriptor, on Windows a HANDLE.
  Descriptor = 0,
  // Of Winsock.
  Socket = 1,
  // A right to send to a Mach port.
  MachPort = 2,
  // Nothing that a program could use: only a broken or hostile peer sends such a thing.
  Unusable = 3,
};

struct ObjectName {
  ObjectKind kind = ObjectKind::Unusable;
  std::intptr_t number = -1;
};

}  // namespace busbar
