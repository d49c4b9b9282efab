// The Mach calls that native/macos makes, for Linux: a fake of ports, messages and memory entries.
// Names, values and layouts are those of the system's own headers; README.md of this folder
// describes the behaviour.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef int kern_return_t;
typedef int boolean_t;
typedef unsigned int natural_t;
typedef uint32_t mach_port_t;
typedef mach_port_t mach_port_name_t;
typedef mach_port_t ipc_space_t;
typedef mach_port_t vm_map_t;
typedef mach_port_t mem_entry_name_port_t;
typedef natural_t mach_port_right_t;
typedef natural_t mach_port_urefs_t;
typedef natural_t mach_port_msgcount_t;
typedef natural_t mach_port_mscount_t;
typedef natural_t mach_port_type_t;
typedef int mach_port_flavor_t;
typedef int* mach_port_info_t;
typedef unsigned int mach_msg_bits_t;
typedef natural_t mach_msg_size_t;
typedef int mach_msg_id_t;
typedef int mach_msg_return_t;
typedef int mach_msg_option_t;
typedef natural_t mach_msg_timeout_t;
typedef natural_t mach_msg_type_number_t;
typedef unsigned int mach_msg_type_name_t;
typedef unsigned int mach_msg_descriptor_type_t;
typedef uint64_t mach_vm_address_t;
typedef uint64_t mach_vm_size_t;
typedef uint64_t mach_vm_offset_t;
typedef uint64_t memory_object_size_t;
typedef uint64_t memory_object_offset_t;
typedef int vm_prot_t;
typedef unsigned int vm_inherit_t;
typedef int* vm_region_recurse_info_t;

#define TRUE 1
#define FALSE 0

#define KERN_SUCCESS 0
#define KERN_NO_SPACE 3
#define KERN_INVALID_ARGUMENT 4
#define KERN_FAILURE 5
#define KERN_PROTECTION_FAILURE 2
#define KERN_RESOURCE_SHORTAGE 6
#define KERN_NO_ACCESS 8
#define KERN_MEMORY_FAILURE 9
#define KERN_INVALID_NAME 15
#define KERN_INVALID_RIGHT 17
#define KERN_INVALID_CAPABILITY 20
#define KERN_NOT_SUPPORTED 46

#define MACH_PORT_NULL 0
#define MACH_PORT_DEAD ((mach_port_t)~0)
#define MACH_PORT_VALID(name) ((name) != MACH_PORT_NULL && (name) != MACH_PORT_DEAD)

#define MACH_PORT_RIGHT_SEND 0
#define MACH_PORT_RIGHT_RECEIVE 1
#define MACH_PORT_RIGHT_PORT_SET 3
#define MACH_PORT_RIGHT_DEAD_NAME 4
#define MACH_PORT_TYPE_SEND (1U << 16)
#define MACH_PORT_TYPE_RECEIVE (1U << 17)

#define MACH_PORT_LIMITS_INFO 1
#define MACH_PORT_LIMITS_INFO_COUNT 1
#define MACH_PORT_QLIMIT_LARGE 1024

typedef struct mach_port_limits {
  mach_port_msgcount_t mpl_qlimit;
} mach_port_limits_t;

#define MACH_MSG_TYPE_MOVE_RECEIVE 16
#define MACH_MSG_TYPE_MOVE_SEND 17
#define MACH_MSG_TYPE_COPY_SEND 19
#define MACH_MSG_TYPE_MAKE_SEND 20
#define MACH_MSG_TYPE_MAKE_SEND_ONCE 21
#define MACH_MSG_TYPE_PORT_RECEIVE MACH_MSG_TYPE_MOVE_RECEIVE
#define MACH_MSG_TYPE_PORT_SEND MACH_MSG_TYPE_MOVE_SEND

#define MACH_MSGH_BITS_REMOTE_MASK 0x1FU
#define MACH_MSGH_BITS_COMPLEX 0x80000000U
#define MACH_MSGH_BITS(remote, local) ((remote) | ((local) << 8))
#define MACH_MSG_PORT_DESCRIPTOR 0

typedef struct {
  mach_msg_bits_t msgh_bits;
  mach_msg_size_t msgh_size;
  mach_port_t msgh_remote_port;
  mach_port_t msgh_local_port;
  mach_port_name_t msgh_voucher_port;
  mach_msg_id_t msgh_id;
} mach_msg_header_t;

typedef struct {
  mach_msg_size_t msgh_descriptor_count;
} mach_msg_body_t;

#pragma pack(push, 4)
typedef struct {
  mach_port_t name;
  mach_msg_size_t pad1;
  unsigned int pad2 : 16;
  mach_msg_type_name_t disposition : 8;
  mach_msg_descriptor_type_t type : 8;
} mach_msg_port_descriptor_t;
#pragma pack(pop)

typedef struct {
  unsigned int val[8];
} audit_token_t;

typedef struct {
  unsigned int msgh_trailer_type;
  mach_msg_size_t msgh_trailer_size;
  unsigned int msgh_seqno;
  unsigned int msgh_sender[2];
  audit_token_t msgh_audit;
} mach_msg_audit_trailer_t;

typedef struct {
  mach_msg_audit_trailer_t audit;
  unsigned int more[4];
} mach_msg_max_trailer_t;

typedef struct {
  unsigned char bytes[8];
} NDR_record_t;

#define MACH_SEND_MSG 0x1
#define MACH_RCV_MSG 0x2
#define MACH_SEND_TIMEOUT 0x10
#define MACH_RCV_TIMEOUT 0x100
#define MACH_MSG_TRAILER_FORMAT_0 0
#define MACH_RCV_TRAILER_AUDIT 3
#define MACH_RCV_TRAILER_TYPE(type) (((type)&0xf) << 28)
#define MACH_RCV_TRAILER_ELEMENTS(elements) (((elements)&0xf) << 24)

#define MACH_MSG_SUCCESS 0
#define MACH_MSG_IPC_SPACE 0x2000
#define MACH_MSG_VM_SPACE 0x1000
#define MACH_MSG_IPC_KERNEL 0x0800
#define MACH_MSG_VM_KERNEL 0x0400
#define MACH_SEND_INVALID_DEST 0x10000003
#define MACH_SEND_TIMED_OUT 0x10000004
#define MACH_SEND_INTERRUPTED 0x10000007
#define MACH_SEND_INVALID_RIGHT 0x1000000a
#define MACH_SEND_NO_BUFFER 0x1000000d
#define MACH_SEND_TOO_LARGE 0x10000014
#define MACH_RCV_INVALID_NAME 0x10004002
#define MACH_RCV_TIMED_OUT 0x10004003
#define MACH_RCV_TOO_LARGE 0x10004004
#define MACH_RCV_INTERRUPTED 0x10004005
#define MACH_RCV_HEADER_ERROR 0x1000400b
#define MACH_RCV_BODY_ERROR 0x1000400c

#define MACH_NOTIFY_NO_SENDERS (0100 + 006)
#define MACH_NOTIFY_DEAD_NAME (0100 + 010)
#define MACH_NOTIFY_SEND_POSSIBLE (0100 + 002)

#define VM_PROT_READ 1
#define VM_PROT_WRITE 2
#define VM_PROT_COPY 0x10
#define VM_FLAGS_ANYWHERE 1
#define VM_INHERIT_SHARE 0U
#define MAP_MEM_NAMED_CREATE 0x020000

typedef struct {
  unsigned char external_pager;
} vm_region_submap_info_data_64_t;
#define VM_REGION_SUBMAP_INFO_COUNT_64 1

extern mach_port_t bootstrap_port;
static inline mach_port_t mach_task_self(void) { return 1; }

#ifdef __cplusplus
extern "C" {
#endif

kern_return_t mach_port_allocate(ipc_space_t task, mach_port_right_t right, mach_port_name_t* name);
kern_return_t mach_port_deallocate(ipc_space_t task, mach_port_name_t name);
kern_return_t mach_port_mod_refs(ipc_space_t task, mach_port_name_t name, mach_port_right_t right,
                                 int delta);
kern_return_t mach_port_get_refs(ipc_space_t task, mach_port_name_t name, mach_port_right_t right,
                                 mach_port_urefs_t* refs);
kern_return_t mach_port_names(ipc_space_t task, mach_port_name_t** names,
                              mach_msg_type_number_t* name_count, mach_port_type_t** types,
                              mach_msg_type_number_t* type_count);
kern_return_t mach_port_insert_right(ipc_space_t task, mach_port_name_t name, mach_port_t right,
                                     mach_msg_type_name_t disposition);
kern_return_t mach_port_insert_member(ipc_space_t task, mach_port_name_t name,
                                      mach_port_name_t set);
kern_return_t mach_port_set_attributes(ipc_space_t task, mach_port_name_t name,
                                       mach_port_flavor_t flavor, mach_port_info_t info,
                                       mach_msg_type_number_t count);
kern_return_t mach_port_request_notification(ipc_space_t task, mach_port_name_t name,
                                             mach_msg_id_t id, mach_port_mscount_t sync,
                                             mach_port_t notify, mach_msg_type_name_t disposition,
                                             mach_port_t* previous);
mach_msg_return_t mach_msg(mach_msg_header_t* message, mach_msg_option_t options,
                           mach_msg_size_t send_size, mach_msg_size_t receive_size,
                           mach_port_name_t receive_name, mach_msg_timeout_t timeout,
                           mach_port_name_t notify);
void mach_msg_destroy(mach_msg_header_t* message);
kern_return_t mach_make_memory_entry_64(vm_map_t task, memory_object_size_t* size,
                                        memory_object_offset_t offset, vm_prot_t permission,
                                        mach_port_t* entry, mem_entry_name_port_t parent);
kern_return_t vm_deallocate(vm_map_t task, uintptr_t address, size_t size);

int pthread_cpu_number_np(size_t* cpu);

#ifdef __cplusplus
}
#endif
