// mach_port_*.
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "port_space.h"

using fake_mach::Entry;
using fake_mach::PortSpace;

mach_port_t bootstrap_port = 7;

namespace fake_mach {

void notify(mach_port_t port, mach_msg_id_t id, mach_port_t about) {
  const Entry* entry = PortSpace::get().find(port);
  if (entry == nullptr || entry->maker < 0) return;
  struct {
    WireHeader wire;
    mach_msg_header_t header;
    NDR_record_t order;
    mach_port_t about;
  } message{};
  message.wire.from_kernel = true;
  message.header.msgh_size = sizeof(mach_msg_header_t) + sizeof(NDR_record_t) + sizeof about;
  message.header.msgh_id = id;
  message.about = about;
  send_datagram(entry->maker, std::as_bytes(std::span(&message, 1)), {}, false);
}

namespace {

// Sends a notification once `sender` is writable or its receiver is gone. In a thread of its own;
// the real kernel does it by itself.
void tell_when_possible(int sender, mach_port_t name, mach_port_t to) {
  std::thread([sender, name, to] {
    pollfd poll{sender, POLLOUT, 0};
    while (::poll(&poll, 1, -1) < 0 && errno == EINTR) {
    }
    const bool is_dead = (poll.revents & (POLLERR | POLLHUP)) != 0;
    ::close(sender);
    PortSpace& space = PortSpace::get();
    const std::lock_guard guard(space.mutex);
    Entry* entry = space.find(name);
    if (entry == nullptr || entry->send_refs == 0) return;
    // The notification brings a reference to the dead name.
    if (is_dead) ++entry->send_refs;
    notify(to, is_dead ? MACH_NOTIFY_DEAD_NAME : MACH_NOTIFY_SEND_POSSIBLE, name);
  }).detach();
}

kern_return_t await_possible(mach_port_t name, Entry& entry, mach_port_t to) {
  if (entry.send < 0) return KERN_INVALID_RIGHT;
  pollfd poll{entry.send, POLLOUT, 0};
  ::poll(&poll, 1, 0);
  if ((poll.revents & (POLLERR | POLLHUP)) != 0) {
    ++entry.send_refs;
    notify(to, MACH_NOTIFY_DEAD_NAME, name);
  } else if ((poll.revents & POLLOUT) != 0) {
    notify(to, MACH_NOTIFY_SEND_POSSIBLE, name);
  } else {
    tell_when_possible(::dup(entry.send), name, to);
  }
  return KERN_SUCCESS;
}

}  // namespace
}  // namespace fake_mach

kern_return_t mach_port_allocate(ipc_space_t, mach_port_right_t right, mach_port_name_t* name) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  Entry entry;
  entry.id = fake_mach::random_id();
  entry.is_set = right == MACH_PORT_RIGHT_PORT_SET;
  if (!entry.is_set && !fake_mach::make_port_sockets(entry.receive, entry.maker))
    return KERN_NO_SPACE;
  *name = space.add(std::move(entry));
  return KERN_SUCCESS;
}

kern_return_t mach_port_deallocate(ipc_space_t, mach_port_name_t name) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  const Entry* entry = space.find(name);
  if (entry == nullptr) return KERN_INVALID_NAME;
  if (entry->send_refs == 0) return KERN_INVALID_RIGHT;
  space.drop_send(name);
  return KERN_SUCCESS;
}

kern_return_t mach_port_mod_refs(ipc_space_t, mach_port_name_t name, mach_port_right_t right,
                                 int delta) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  Entry* entry = space.find(name);
  if (entry == nullptr) return KERN_INVALID_NAME;
  if (right == MACH_PORT_RIGHT_SEND && delta == 1) {
    if (entry->send_refs == 0) return KERN_INVALID_RIGHT;
    ++entry->send_refs;
    return KERN_SUCCESS;
  }
  if (right == MACH_PORT_RIGHT_RECEIVE && delta == -1) {
    if (entry->receive < 0) return KERN_INVALID_RIGHT;
    space.drop_receive(name);
    return KERN_SUCCESS;
  }
  if (right == MACH_PORT_RIGHT_PORT_SET && delta == -1 && entry->is_set) {
    for (const int queue : entry->watched_by) {
      for (const mach_port_t member : entry->members) {
        Entry* port = space.find(member);
        fake_mach::stop_watching(queue, port->receive);
        port->watched_by.erase(queue);
      }
    }
    space.entries.erase(name);
    return KERN_SUCCESS;
  }
  return KERN_INVALID_RIGHT;
}

kern_return_t mach_port_get_refs(ipc_space_t, mach_port_name_t name, mach_port_right_t right,
                                 mach_port_urefs_t* refs) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  const Entry* entry = space.find(name);
  if (entry == nullptr) return KERN_INVALID_NAME;
  *refs = right == MACH_PORT_RIGHT_SEND ? entry->send_refs : entry->receive >= 0 ? 1U : 0U;
  return KERN_SUCCESS;
}

kern_return_t mach_port_names(ipc_space_t, mach_port_name_t** names,
                              mach_msg_type_number_t* name_count, mach_port_type_t** types,
                              mach_msg_type_number_t* type_count) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  const std::size_t count = space.entries.size();
  const auto pages = [](std::size_t bytes) {
    return static_cast<std::uint32_t*>(
        ::mmap(nullptr, bytes + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  };
  *names = pages(count * sizeof **names);
  *types = pages(count * sizeof **types);
  std::size_t i = 0;
  for (const auto& [name, entry] : space.entries) {
    (*names)[i] = name;
    (*types)[i++] = (entry.send_refs > 0 ? MACH_PORT_TYPE_SEND : 0U) |
                    (entry.receive >= 0 ? MACH_PORT_TYPE_RECEIVE : 0U);
  }
  *name_count = *type_count = static_cast<mach_msg_type_number_t>(count);
  return KERN_SUCCESS;
}

kern_return_t vm_deallocate(vm_map_t, std::uintptr_t address, std::size_t size) {
  return ::munmap(reinterpret_cast<void*>(address), size + 1) == 0 ? KERN_SUCCESS : KERN_FAILURE;
}

kern_return_t mach_port_insert_right(ipc_space_t, mach_port_name_t name, mach_port_t right,
                                     mach_msg_type_name_t disposition) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  Entry* entry = space.find(name);
  if (entry == nullptr || name != right || disposition != MACH_MSG_TYPE_MAKE_SEND)
    return KERN_INVALID_ARGUMENT;
  if (entry->maker < 0) return KERN_INVALID_CAPABILITY;
  if (entry->send < 0) entry->send = ::dup(entry->maker);
  ++entry->send_refs;
  return KERN_SUCCESS;
}

kern_return_t mach_port_insert_member(ipc_space_t, mach_port_name_t name, mach_port_name_t set) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  const Entry* port = space.find(name);
  Entry* owner = space.find(set);
  if (port == nullptr || owner == nullptr) return KERN_INVALID_NAME;
  if (port->receive < 0 || !owner->is_set) return KERN_INVALID_RIGHT;
  owner->members.insert(name);
  return KERN_SUCCESS;
}

// Ignored: queues are as long as the sockets' buffers.
kern_return_t mach_port_set_attributes(ipc_space_t, mach_port_name_t name,
                                       mach_port_flavor_t flavor, mach_port_info_t,
                                       mach_msg_type_number_t) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  const Entry* entry = space.find(name);
  if (entry == nullptr) return KERN_INVALID_NAME;
  return entry->receive >= 0 && flavor == MACH_PORT_LIMITS_INFO ? KERN_SUCCESS : KERN_INVALID_RIGHT;
}

kern_return_t mach_port_request_notification(ipc_space_t, mach_port_name_t name, mach_msg_id_t id,
                                             mach_port_mscount_t, mach_port_t to,
                                             mach_msg_type_name_t, mach_port_t* previous) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  Entry* entry = space.find(name);
  *previous = MACH_PORT_NULL;
  if (entry == nullptr) return KERN_INVALID_NAME;
  if (id == MACH_NOTIFY_SEND_POSSIBLE) return fake_mach::await_possible(name, *entry, to);
  if (id != MACH_NOTIFY_NO_SENDERS || entry->receive < 0 || to != name) return KERN_INVALID_RIGHT;
  // A closed maker does not count among the senders.
  if (entry->maker >= 0) ::close(std::exchange(entry->maker, -1));
  entry->tells_no_senders = true;
  return KERN_SUCCESS;
}
