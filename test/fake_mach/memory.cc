// Memory entries are memfds, writable if the descriptor is; mappings are remembered by address.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <map>
#include <utility>

#include "macos/mach_api.h"
#include "port_space.h"

using namespace fake_mach;

namespace {

struct Mapped {
  std::size_t size = 0;
  // Kept for a later private mapping.
  int file = -1;
};

std::map<std::uint64_t, Mapped>& mappings() {
  static auto& all = *new std::map<std::uint64_t, Mapped>;
  return all;
}

// A task has one name per entry, however often the entry arrives.
std::uint64_t id_of(int file, bool writable) {
  struct stat facts {};
  ::fstat(file, &facts);
  return (facts.st_ino << 8U) ^ (facts.st_dev << 40U) ^ (writable ? 2U : 4U);
}

int protection_of(vm_prot_t protection) {
  return ((protection & VM_PROT_READ) != 0 ? PROT_READ : 0) |
         ((protection & VM_PROT_WRITE) != 0 ? PROT_WRITE : 0);
}

// Opens the file that is mapped at an address again; -1 when no file is.
int file_at(std::uint64_t address) {
  std::FILE* maps = std::fopen("/proc/self/maps", "re");
  char line[512];
  int file = -1;
  while (file < 0 && std::fgets(line, sizeof line, maps) != nullptr) {
    unsigned long long begin = 0;
    unsigned long long end = 0;
    char path[256] = {};
    if (std::sscanf(line, "%llx-%llx %*s %*s %*s %*s %255s", &begin, &end, path) == 3 &&
        begin <= address && address < end && path[0] == '/') {
      file = ::open(path, O_RDWR | O_CLOEXEC);
    }
  }
  (void)std::fclose(maps);
  return file;
}

bool is_writable(int file) { return (::fcntl(file, F_GETFL) & O_ACCMODE) == O_RDWR; }

}  // namespace

kern_return_t mach_make_memory_entry_64(vm_map_t, memory_object_size_t* size,
                                        memory_object_offset_t offset, vm_prot_t permission,
                                        mach_port_t* entry, mem_entry_name_port_t parent) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  int file = -1;
  if ((permission & MAP_MEM_NAMED_CREATE) != 0) {
    file = ::memfd_create("busbar", MFD_CLOEXEC);
    if (file >= 0 && ::ftruncate(file, static_cast<off_t>(*size)) != 0) {
      ::close(file);
      return KERN_RESOURCE_SHORTAGE;
    }
  } else if (parent == MACH_PORT_NULL) {
    file = file_at(offset);
  } else {
    const Entry* from = space.find(parent);
    if (from == nullptr || from->object != Object::Memory) return KERN_INVALID_ARGUMENT;
    char path[32];
    (void)std::snprintf(path, sizeof path, "/proc/self/fd/%d", from->send);
    file = ::open(path, ((permission & VM_PROT_WRITE) != 0 ? O_RDWR : O_RDONLY) | O_CLOEXEC);
  }
  if (file < 0) return errno == ENOMEM ? KERN_RESOURCE_SHORTAGE : KERN_NO_SPACE;
  *entry = space.add_send(id_of(file, (permission & VM_PROT_WRITE) != 0), Object::Memory, file);
  return KERN_SUCCESS;
}

kern_return_t mach_vm_map(vm_map_t, mach_vm_address_t* address, mach_vm_size_t size,
                          mach_vm_offset_t, int, mem_entry_name_port_t object,
                          memory_object_offset_t offset, boolean_t, vm_prot_t protection, vm_prot_t,
                          vm_inherit_t) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  const Entry* entry = space.find(object);
  if (entry == nullptr || entry->object != Object::Memory) return KERN_INVALID_ARGUMENT;
  struct stat facts {};
  ::fstat(entry->send, &facts);
  if (offset + size > static_cast<std::uint64_t>(facts.st_size)) return KERN_INVALID_ARGUMENT;
  if ((protection & VM_PROT_WRITE) != 0 && !is_writable(entry->send)) return KERN_INVALID_RIGHT;
  void* place = ::mmap(nullptr, size, protection_of(protection), MAP_SHARED, entry->send,
                       static_cast<off_t>(offset));
  if (place == MAP_FAILED) return KERN_NO_SPACE;
  *address = reinterpret_cast<std::uintptr_t>(place);
  mappings()[*address] = {size, ::fcntl(entry->send, F_DUPFD_CLOEXEC, 0)};
  return KERN_SUCCESS;
}

kern_return_t mach_vm_deallocate(vm_map_t, mach_vm_address_t address, mach_vm_size_t size) {
  const std::lock_guard guard(PortSpace::get().mutex);
  const auto found = mappings().find(address);
  if (found == mappings().end() || found->second.size != size) return KERN_INVALID_ARGUMENT;
  ::close(found->second.file);
  mappings().erase(found);
  return ::munmap(reinterpret_cast<void*>(address), size) == 0 ? KERN_SUCCESS : KERN_FAILURE;
}

kern_return_t mach_vm_protect(vm_map_t, mach_vm_address_t address, mach_vm_size_t size, boolean_t,
                              vm_prot_t protection) {
  const std::lock_guard guard(PortSpace::get().mutex);
  const auto found = mappings().find(address);
  if (found == mappings().end() || (protection & VM_PROT_COPY) == 0) return KERN_INVALID_ARGUMENT;
  const void* place = ::mmap(reinterpret_cast<void*>(address), size, protection_of(protection),
                             MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, found->second.file, 0);
  return place == MAP_FAILED ? KERN_PROTECTION_FAILURE : KERN_SUCCESS;
}

kern_return_t mach_vm_region_recurse(vm_map_t, mach_vm_address_t* address, mach_vm_size_t*,
                                     natural_t*, vm_region_recurse_info_t info,
                                     mach_msg_type_number_t*) {
  const std::lock_guard guard(PortSpace::get().mutex);
  const auto found = mappings().find(*address);
  if (found == mappings().end()) return KERN_INVALID_ARGUMENT;
  // A memfd has seals, other files have not.
  reinterpret_cast<vm_region_submap_info_data_64_t*>(info)->external_pager =
      ::fcntl(found->second.file, F_GET_SEALS) < 0 ? 1 : 0;
  return KERN_SUCCESS;
}

int fileport_makeport(int fd, mach_port_t* port) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return -1;
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  *port = space.add_send(random_id(), Object::File, copy);
  return 0;
}

int fileport_makefd(mach_port_t port) {
  PortSpace& space = PortSpace::get();
  const std::lock_guard guard(space.mutex);
  const Entry* entry = space.find(port);
  if (entry == nullptr || entry->object != Object::File) {
    errno = EINVAL;
    return -1;
  }
  return ::fcntl(entry->send, F_DUPFD_CLOEXEC, 0);
}
