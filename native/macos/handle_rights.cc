// fileport_makeport, fileport_makefd, and the rights of each kind.
#include "macos/handle_rights.h"

#include <cerrno>
#include <utility>

#include "macos/mach_object.h"
#include "posix/file_descriptor.h"

namespace busbar::macos_platform {
namespace {

// MACH_PORT_DEAD counts as a right: its port died on the way.
bool is_send(const ReceivedRight& right) noexcept {
  return !right.receive.valid() && right.send.name() != MACH_PORT_NULL;
}

Result<Handle> descriptor_of(const SendRight& file_port) {
  const int fd = fileport_makefd(file_port.name());
  if (fd >= 0) return posix::own_descriptor(fd);
  // A port of another kind, sent as a file.
  if (errno == EINVAL) return Error{Status::ProtocolViolation, EINVAL};
  return posix::error_of(errno);
}

// Takes the rights of one handle from the front of `rights`.
Result<Handle> take_handle(Kind kind, std::span<ReceivedRight>& rights) {
  const std::size_t needed = kind == Kind::ChannelEnd ? 2 : 1;
  if (rights.size() < needed) return Status::ProtocolViolation;
  const std::span<ReceivedRight> own = rights.first(needed);
  rights = rights.subspan(needed);
  if (kind == Kind::Door) {
    if (!own[0].receive.valid()) return Status::ProtocolViolation;
    return own_object(kind, {}, {}, std::make_shared<DoorPort>(std::move(own[0].receive)));
  }
  if (!is_send(own[0])) return Status::ProtocolViolation;
  switch (kind) {
    case Kind::Descriptor:
      return descriptor_of(own[0].send);
    case Kind::Memory:
    case Kind::Bell:
    case Kind::Port:
      return own_object(kind, std::move(own[0].send));
    case Kind::ChannelEnd:
      return own_object(kind, std::move(own[0].send), std::move(own[1].send));
    default:
      return Status::ProtocolViolation;
  }
}

}  // namespace

void OutgoingHandles::add_right(mach_port_t name, Kind kind) {
  rights_.push_back({name, MACH_MSG_TYPE_COPY_SEND});
  kinds_.push_back(static_cast<std::byte>(kind));
}

Error OutgoingHandles::add(const Handle& handle) {
  if (!handle.valid()) return {Status::InvalidArgument};
  MachObject* object = object_in(handle);
  if (object == nullptr) {
    mach_port_t port = MACH_PORT_NULL;
    if (fileport_makeport(posix::borrow_descriptor(handle), &port) != 0)
      return posix::error_of(errno);
    file_ports_.emplace_back(port);
    add_right(port, Kind::Descriptor);
    return {};
  }
  if (object->kind == Kind::Door) {
    ReceiveRight port = object->door->take();
    // The door has moved already.
    if (!port.valid()) return {Status::InvalidArgument};
    rights_.push_back({port.name(), MACH_MSG_TYPE_MOVE_RECEIVE});
    kinds_.push_back(static_cast<std::byte>(Kind::Door));
    doors_.push_back({rights_.size() - 1, object->door, std::move(port)});
    return {};
  }
  add_right(object->first.name(), object->kind);
  if (object->kind == Kind::ChannelEnd) {
    // Without a port for greetings, `first` goes twice: a greeting means nothing there.
    const SendRight& second = object->second.valid() ? object->second : object->first;
    rights_.push_back({second.name(), MACH_MSG_TYPE_COPY_SEND});
  }
  return {};
}

void OutgoingHandles::settle(bool sent) noexcept {
  for (MovingDoor& door : doors_) {
    (void)door.port.take();
    if (!sent) door.owner->put_back(ReceiveRight(rights_[door.index].name));
  }
  doors_.clear();
}

Result<std::vector<Handle>> take_handles(std::vector<ReceivedRight> rights,
                                         std::span<const std::byte> kinds) {
  std::vector<Handle> handles;
  handles.reserve(kinds.size());
  std::span<ReceivedRight> left(rights);
  for (const std::byte kind : kinds) {
    Result<Handle> handle = take_handle(static_cast<Kind>(kind), left);
    if (!handle) return handle.error();
    handles.push_back(handle.take());
  }
  if (!left.empty()) return Status::ProtocolViolation;
  return handles;
}

}  // namespace busbar::macos_platform
