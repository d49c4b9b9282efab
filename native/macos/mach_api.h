// The system calls of this folder, and declarations that some sets of headers lack: bootstrap
// (servers/bootstrap.h), the 64-bit calls of virtual memory (mach/mach_vm.h), file ports and
// notifications (notify.h).
#pragma once

#include <mach/mach.h>
#include <stdint.h>
#include <sys/event.h>
#include <sys/types.h>

extern "C" {

// --- servers/bootstrap.h ---
kern_return_t bootstrap_check_in(mach_port_t bootstrap, const char* service, mach_port_t* receive);
kern_return_t bootstrap_look_up(mach_port_t bootstrap, const char* service, mach_port_t* send);

// --- mach/mach_vm.h ---
kern_return_t mach_vm_map(vm_map_t task, mach_vm_address_t* address, mach_vm_size_t size,
                          mach_vm_offset_t mask, int flags, mem_entry_name_port_t object,
                          memory_object_offset_t offset, boolean_t copy, vm_prot_t protection,
                          vm_prot_t most, vm_inherit_t inheritance);
kern_return_t mach_vm_deallocate(vm_map_t task, mach_vm_address_t address, mach_vm_size_t size);
kern_return_t mach_vm_protect(vm_map_t task, mach_vm_address_t address, mach_vm_size_t size,
                              boolean_t set_most, vm_prot_t protection);
kern_return_t mach_vm_region_recurse(vm_map_t task, mach_vm_address_t* address,
                                     mach_vm_size_t* size, natural_t* depth,
                                     vm_region_recurse_info_t info, mach_msg_type_number_t* count);

// --- sys/fileport.h: descriptors as send rights ---
int fileport_makeport(int fd, mach_port_t* port);
int fileport_makefd(mach_port_t port);

// --- notify.h: names that any process may watch, each with 64 bits of state ---
uint32_t notify_register_check(const char* name, int* token);
uint32_t notify_register_mach_port(const char* name, mach_port_t* port, int flags, int* token);
uint32_t notify_get_state(int token, uint64_t* state);
uint32_t notify_set_state(int token, uint64_t state);
uint32_t notify_post(const char* name);
uint32_t notify_cancel(int token);

}  // extern "C"

namespace busbar::macos_platform {

// From servers/bootstrap.h and notify.h.
inline constexpr kern_return_t kBootstrapUnknownService = 1102;
inline constexpr kern_return_t kBootstrapServiceActive = 1103;
inline constexpr uint32_t kNotifyOk = 0;

}  // namespace busbar::macos_platform
