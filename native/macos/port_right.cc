// mach_port_*.
#include "macos/port_right.h"

#include "macos/mach_error.h"

namespace busbar::macos_platform {

// Releases one reference to a send right, also when its port has died and the right is a dead name.
void release_send(mach_port_t name) noexcept {
  if (MACH_PORT_VALID(name)) mach_port_deallocate(mach_task_self(), name);
}

void release_receive(mach_port_t name) noexcept {
  mach_port_mod_refs(mach_task_self(), name, MACH_PORT_RIGHT_RECEIVE, -1);
}

void release_set(mach_port_t name) noexcept {
  mach_port_mod_refs(mach_task_self(), name, MACH_PORT_RIGHT_PORT_SET, -1);
}

Error limit_queue(const ReceiveRight& port, mach_port_msgcount_t limit) {
  mach_port_limits_t limits{limit};
  return error_of(mach_port_set_attributes(mach_task_self(), port.name(), MACH_PORT_LIMITS_INFO,
                                           reinterpret_cast<mach_port_info_t>(&limits),
                                           MACH_PORT_LIMITS_INFO_COUNT));
}

Result<ReceiveRight> create_port(mach_port_msgcount_t limit) {
  mach_port_t name = MACH_PORT_NULL;
  const kern_return_t code = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &name);
  if (code != KERN_SUCCESS) return error_of(code);
  ReceiveRight port(name);
  if (const Error error = limit_queue(port, limit); !error.ok()) return error;
  return port;
}

Result<SendRight> make_send(const ReceiveRight& port) {
  const kern_return_t code =
      mach_port_insert_right(mach_task_self(), port.name(), port.name(), MACH_MSG_TYPE_MAKE_SEND);
  if (code != KERN_SUCCESS) return error_of(code);
  return SendRight(port.name());
}

Result<SendRight> copy_send(const SendRight& right) {
  const kern_return_t code =
      mach_port_mod_refs(mach_task_self(), right.name(), MACH_PORT_RIGHT_SEND, 1);
  if (code == KERN_SUCCESS) return SendRight(right.name());
  // The port has died meanwhile: take a reference to the dead name instead.
  if (code != KERN_INVALID_RIGHT) return error_of(code);
  const kern_return_t dead =
      mach_port_mod_refs(mach_task_self(), right.name(), MACH_PORT_RIGHT_DEAD_NAME, 1);
  if (dead != KERN_SUCCESS) return error_of(dead);
  return SendRight(right.name());
}

Result<PortSet> set_of(mach_port_t port) {
  mach_port_t name = MACH_PORT_NULL;
  kern_return_t code = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &name);
  if (code != KERN_SUCCESS) return error_of(code);
  PortSet set(name);
  code = mach_port_insert_member(mach_task_self(), port, name);
  if (code != KERN_SUCCESS) return error_of(code);
  return set;
}

Error tell_of_no_senders(const ReceiveRight& port) {
  mach_port_t previous = MACH_PORT_NULL;
  const kern_return_t code =
      mach_port_request_notification(mach_task_self(), port.name(), MACH_NOTIFY_NO_SENDERS, 0,
                                     port.name(), MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous);
  if (code == KERN_SUCCESS) release_send(previous);
  return error_of(code);
}

}  // namespace busbar::macos_platform
