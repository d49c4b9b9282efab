// A handle is the number of a descriptor, or the address of an object with a bit set that no
// descriptor and no address has.
#include "macos/mach_object.h"

#include <new>
#include <utility>

#include "posix/file_descriptor.h"

namespace busbar::macos_platform {
namespace {

constexpr std::intptr_t kObjectBit = std::intptr_t{1} << 62U;

bool is_object(std::intptr_t raw) noexcept { return (raw & kObjectBit) != 0; }

MachObject* object_of(std::intptr_t raw) noexcept {
  return reinterpret_cast<MachObject*>(raw & ~kObjectBit);
}

void close_object(std::intptr_t raw) noexcept {
  MachObject* object = object_of(raw);
  if (object->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete object;
}

Handle handle_on(MachObject* object) noexcept {
  return Handle(reinterpret_cast<std::intptr_t>(object) | kObjectBit, close_object);
}

}  // namespace

Result<Handle> own_object(Kind kind, SendRight first, SendRight second,
                          std::shared_ptr<DoorPort> door) {
  auto* object = new (std::nothrow) MachObject;
  if (object == nullptr) return Status::OutOfMemory;
  object->kind = kind;
  object->first = std::move(first);
  object->second = std::move(second);
  object->door = std::move(door);
  return handle_on(object);
}

MachObject* object_in(const Handle& handle) noexcept {
  return handle.valid() && is_object(handle.borrow()) ? object_of(handle.borrow()) : nullptr;
}

MachObject* object_in(const Handle& handle, Kind kind) noexcept {
  MachObject* object = object_in(handle);
  return object != nullptr && object->kind == kind ? object : nullptr;
}

Result<Handle> duplicate_handle(const Handle& handle) {
  if (!handle.valid()) return Status::InvalidArgument;
  MachObject* object = object_in(handle);
  if (object == nullptr) return posix::duplicate_descriptor(posix::borrow_descriptor(handle));
  object->owners.fetch_add(1, std::memory_order_relaxed);
  return handle_on(object);
}

Result<Handle> duplicate_port(std::intptr_t name) {
  const auto port = static_cast<mach_port_t>(name);
  if (name < 0 || static_cast<std::intptr_t>(port) != name || !MACH_PORT_VALID(port))
    return Status::InvalidArgument;
  SendRight borrowed(port);
  auto own = copy_send(borrowed);
  (void)borrowed.take();
  if (!own) return Error{Status::InvalidArgument, own.error().os_code};
  return own_object(Kind::Port, own.take());
}

ObjectName name_of(const Handle& handle) noexcept {
  const MachObject* object = object_in(handle);
  if (object == nullptr) return {ObjectKind::Descriptor, handle.borrow()};
  if (object->kind != Kind::Port) return {};
  return {ObjectKind::MachPort, static_cast<std::intptr_t>(object->first.name())};
}

Result<ObjectName> give_away(Handle& handle) {
  const ObjectName name = name_of(handle);
  if (name.kind == ObjectKind::Unusable) return Status::InvalidArgument;
  if (name.kind == ObjectKind::Descriptor) return ObjectName{name.kind, handle.take()};
  MachObject* object = object_in(handle);
  // A port that died leaves nothing to own.
  if (object->first.valid()) {
    auto right = copy_send(object->first);
    if (!right) return right.error();
    [[maybe_unused]] const mach_port_t given = right.value().take();
  }
  handle.close();
  return name;
}

}  // namespace busbar::macos_platform
