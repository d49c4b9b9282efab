// The state of the loopback kernel: processes, objects, and the table of open objects. A Handle's
// raw value is a key of that table, so killing a process closes everything at once while the C++
// objects of its code still exist. One world, one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "platform/handle.h"
#include "platform/process_identity.h"

namespace busbar {

class LoopbackWorld;

namespace loopback {

struct Process {
  LoopbackWorld& world;
  ProcessIdentity identity;
  bool alive = true;
  std::uint32_t cpu = 0;
  bool runnable = false;
  std::uint64_t pid_namespace = 0;
};

enum class Kind : std::uint8_t { Memory, Bell, ChannelEnd, Listener, NameBell };

// A kernel object: lives while a process has it open or mapped, or a datagram carries it. (Channel
// ends that travel in their own inbox are never freed; the real kernel collects such cycles.)
class Object {
 public:
  explicit Object(Kind kind) noexcept : kind_(kind) {}
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  virtual ~Object() = default;
  [[nodiscard]] Kind kind() const noexcept { return kind_; }

 private:
  Kind kind_;
};

// A new handle of `process` to `object`.
[[nodiscard]] Handle open_object(const Process& process, std::shared_ptr<Object> object);

// Null for a handle of another platform, and for one whose process was killed.
[[nodiscard]] std::shared_ptr<Object> find_object(const Handle& handle) noexcept;

// The death of `process`: closes all its open objects. Its Handles can still be destroyed.
void close_objects_of(const Process& process) noexcept;

// How many handles `process` has open.
[[nodiscard]] std::size_t count_objects_of(const Process& process) noexcept;

// As find_object; also null if the object is of another kind.
template <typename T>
[[nodiscard]] std::shared_ptr<T> find(const Handle& handle) noexcept {
  std::shared_ptr<Object> object = find_object(handle);
  if (!object || object->kind() != T::kKind) return nullptr;
  return std::static_pointer_cast<T>(std::move(object));
}

}  // namespace loopback
}  // namespace busbar
