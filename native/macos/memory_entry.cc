// mach_make_memory_entry_64 and mach_vm_map.
#include "macos/memory_entry.h"

#include <unistd.h>

#include <cstdint>
#include <limits>
#include <utility>

#include "macos/mach_error.h"
#include "macos/mach_object.h"

namespace busbar::macos_platform {
namespace {

constexpr vm_prot_t kReadWrite = VM_PROT_READ | VM_PROT_WRITE;

// The size of a mapping, in bytes.
std::size_t in_pages(std::size_t bytes) noexcept {
  const auto page = static_cast<std::size_t>(::getpagesize());
  return (bytes + page - 1) / page * page;
}

// The largest size that, rounded up and with one more page, does not overflow.
constexpr std::size_t kMaxBytes = std::numeric_limits<std::ptrdiff_t>::max() - (1 << 20);

class Mapping {
 public:
  Mapping() noexcept = default;
  Mapping(mach_vm_address_t address, std::size_t bytes) noexcept
      : address_(address), bytes_(bytes) {}
  Mapping(Mapping&& other) noexcept
      : address_(std::exchange(other.address_, 0)), bytes_(other.bytes_) {}
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  Mapping& operator=(Mapping&&) = delete;
  ~Mapping() {
    if (address_ != 0) mach_vm_deallocate(mach_task_self(), address_, bytes_);
  }

  [[nodiscard]] mach_vm_address_t address() const noexcept { return address_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  mach_vm_address_t address_ = 0;
  std::size_t bytes_ = 0;
};

Result<Mapping> map(const SendRight& entry, std::size_t offset, std::size_t bytes,
                    vm_prot_t protection) {
  mach_vm_address_t address = 0;
  const kern_return_t code =
      mach_vm_map(mach_task_self(), &address, bytes, 0, VM_FLAGS_ANYWHERE, entry.name(), offset,
                  FALSE, protection, protection, VM_INHERIT_SHARE);
  if (code != KERN_SUCCESS) return error_of(code);
  return Mapping(address, bytes);
}

class EntryMemory final : public SharedMemory {
 public:
  EntryMemory(Mapping mapping, std::size_t bytes, SendRight entry) noexcept
      : mapping_(std::move(mapping)), bytes_(bytes), entry_(std::move(entry)) {}

  [[nodiscard]] std::byte* data() const noexcept override {
    return reinterpret_cast<std::byte*>(static_cast<std::uintptr_t>(mapping_.address()));
  }
  [[nodiscard]] std::size_t size() const noexcept override { return bytes_; }
  [[nodiscard]] Result<Handle> share() const override {
    if (!entry_.valid()) return Status::Closed;
    auto entry = copy_send(entry_);
    if (!entry) return entry.error();
    return own_object(Kind::Memory, entry.take());
  }
  // A task has one name per entry.
  [[nodiscard]] bool is_same(const Handle& handle) const noexcept override {
    const MachObject* object = object_in(handle, Kind::Memory);
    return object != nullptr && entry_.valid() && object->first.name() == entry_.name();
  }
  void stop_sharing() noexcept override { entry_.reset(); }

 private:
  Mapping mapping_;
  std::size_t bytes_;
  // The right that others get.
  SendRight entry_;
};

Result<SendRight> create_entry(std::size_t bytes, vm_prot_t permission, mach_port_t parent) {
  memory_object_size_t size = bytes;
  mach_port_t entry = MACH_PORT_NULL;
  const kern_return_t code =
      mach_make_memory_entry_64(mach_task_self(), &size, 0, permission, &entry, parent);
  if (code != KERN_SUCCESS) return error_of(code);
  SendRight owned(entry);
  if (size < bytes) return Status::OutOfMemory;
  return owned;
}

// True if a pager outside the kernel, such as a file's, is behind a mapping.
Result<bool> has_pager(const Mapping& mapping) {
  mach_vm_address_t address = mapping.address();
  mach_vm_size_t size = mapping.bytes();
  natural_t depth = 0;
  vm_region_submap_info_data_64_t info{};
  mach_msg_type_number_t count = VM_REGION_SUBMAP_INFO_COUNT_64;
  const kern_return_t code =
      mach_vm_region_recurse(mach_task_self(), &address, &size, &depth,
                             reinterpret_cast<vm_region_recurse_info_t>(&info), &count);
  if (code != KERN_SUCCESS) return error_of(code);
  return info.external_pager != 0;
}

// Copy-on-write, page by page; the entry itself need not be writable.
Error make_private(const Mapping& mapping) {
  return error_of(mach_vm_protect(mach_task_self(), mapping.address(), mapping.bytes(), FALSE,
                                  kReadWrite | VM_PROT_COPY));
}

}  // namespace

Result<std::unique_ptr<SharedMemory>> create_entry_memory(std::size_t bytes, Access peers) {
  if (bytes == 0 || bytes > kMaxBytes) return Status::InvalidArgument;
  const std::size_t pages = in_pages(bytes);
  auto entry = create_entry(pages, MAP_MEM_NAMED_CREATE | kReadWrite, MACH_PORT_NULL);
  if (!entry) return entry.error();
  auto mapping = map(entry.value(), 0, pages, kReadWrite);
  if (!mapping) return mapping.error();
  if (peers == Access::ReadOnly) {
    auto for_readers = create_entry(pages, VM_PROT_READ, entry.value().name());
    if (!for_readers) return for_readers.error();
    entry = for_readers.take();
  }
  return std::unique_ptr<SharedMemory>(
      std::make_unique<EntryMemory>(mapping.take(), bytes, entry.take()));
}

Result<std::unique_ptr<SharedMemory>> adopt_entry_memory(Handle handle, std::size_t bytes,
                                                         Access access) {
  if (!handle.valid() || bytes == 0 || bytes > kMaxBytes) return Status::InvalidArgument;
  const MachObject* object = object_in(handle, Kind::Memory);
  if (object == nullptr) return Status::ProtocolViolation;
  const std::size_t pages = in_pages(bytes);
  auto mapping =
      map(object->first, 0, pages, access == Access::ReadWrite ? kReadWrite : VM_PROT_READ);
  if (!mapping) {
    // Not a memory entry, or a shorter one. A lack of permission or room is not the peer's fault.
    const bool is_other =
        mapping.status() == Status::System || mapping.status() == Status::Unsupported;
    return is_other ? Error{Status::ProtocolViolation, mapping.error().os_code} : mapping.error();
  }
  // A longer entry has a page after these.
  if (map(object->first, pages, in_pages(1), VM_PROT_READ)) return Status::ProtocolViolation;
  const auto pager = has_pager(mapping.value());
  if (!pager) return pager.error();
  if (pager.value()) return Status::ProtocolViolation;
  if (access == Access::PrivateCopy) {
    if (const Error error = make_private(mapping.value()); !error.ok()) return error;
  }
  auto entry = copy_send(object->first);
  if (!entry) return entry.error();
  return std::unique_ptr<SharedMemory>(
      std::make_unique<EntryMemory>(mapping.take(), bytes, entry.take()));
}

}  // namespace busbar::macos_platform
