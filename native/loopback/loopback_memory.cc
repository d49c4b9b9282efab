// Heap that behaves as shared memory.
#include "loopback/loopback_memory.h"

#include <cstring>
#include <new>
#include <utility>

namespace busbar::loopback {
namespace {

constexpr std::align_val_t kPage{4096};

class MemoryObject final : public Object {
 public:
  static constexpr Kind kKind = Kind::Memory;
  MemoryObject(std::byte* bytes, std::size_t size, Access peers) noexcept
      : Object(kKind), bytes_(bytes), size_(size), peers_(peers) {}
  ~MemoryObject() override { ::operator delete(bytes_, kPage); }

  [[nodiscard]] std::byte* bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] Access peers() const noexcept { return peers_; }

 private:
  std::byte* bytes_;
  std::size_t size_;
  Access peers_;
};

class LoopbackMemory final : public SharedMemory {
 public:
  LoopbackMemory(const Process& process, Handle file, std::shared_ptr<MemoryObject> mapping)
      : process_(process), file_(std::move(file)), mapping_(std::move(mapping)) {}

  [[nodiscard]] std::byte* data() const noexcept override { return mapping_->bytes(); }
  [[nodiscard]] std::size_t size() const noexcept override { return mapping_->size(); }
  [[nodiscard]] Result<Handle> share() const override {
    std::shared_ptr<Object> object = find_object(file_);
    if (!object) return Status::Closed;
    return open_object(process_, std::move(object));
  }
  void stop_sharing() noexcept override { file_.close(); }
  [[nodiscard]] bool is_same(const Handle& handle) const noexcept override {
    return file_.valid() && find<MemoryObject>(handle) == mapping_;
  }

 private:
  const Process& process_;
  Handle file_;
  std::shared_ptr<MemoryObject> mapping_;
};

Result<std::unique_ptr<SharedMemory>> map(const Process& process,
                                          std::shared_ptr<MemoryObject> object) {
  Handle file = open_object(process, object);
  return std::unique_ptr<SharedMemory>(
      std::make_unique<LoopbackMemory>(process, std::move(file), std::move(object)));
}

}  // namespace

Result<std::unique_ptr<SharedMemory>> create_loopback_memory(const Process& process,
                                                             std::size_t bytes, Access peers) {
  if (bytes == 0) return Status::InvalidArgument;
  void* memory = ::operator new(bytes, kPage, std::nothrow);
  if (memory == nullptr) return Status::OutOfMemory;
  std::memset(memory, 0, bytes);
  return map(process,
             std::make_shared<MemoryObject>(static_cast<std::byte*>(memory), bytes, peers));
}

Result<std::unique_ptr<SharedMemory>> adopt_loopback_memory(const Process& process,
                                                            const Handle& handle, std::size_t bytes,
                                                            Access access) {
  if (!handle.valid() || bytes == 0) return Status::InvalidArgument;
  std::shared_ptr<MemoryObject> object = find<MemoryObject>(handle);
  if (!object || object->size() != bytes) return Status::ProtocolViolation;
  if (access == Access::ReadWrite && object->peers() == Access::ReadOnly) return Status::Permission;
  return map(process, std::move(object));
}

}  // namespace busbar::loopback
