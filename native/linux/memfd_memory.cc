// memfd_create, seals and mmap.
#include "linux/memfd_memory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <utility>

#include "posix/file_descriptor.h"

// Newer than the C libraries that we build with.
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace busbar::linux_platform {

using posix::borrow_descriptor;
using posix::duplicate_descriptor;
using posix::error_of;
using posix::own_descriptor;

namespace {

constexpr FailedCall kMemfdCreate{"memfd_create", nullptr,
                                  "shared memory needs it; does a filter of system calls deny it?"};
constexpr FailedCall kTruncate{"ftruncate", nullptr, nullptr};
constexpr FailedCall kMap{"mmap", nullptr, nullptr};
constexpr FailedCall kSeal{"fcntl(F_ADD_SEALS)", nullptr, nullptr};
constexpr FailedCall kFileSystem{"fstatfs", nullptr,
                                 "shared memory needs it; does a filter of system calls deny it?"};

constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW;

class MemfdMemory final : public SharedMemory {
 public:
  MemfdMemory(Handle file, std::byte* data, std::size_t size) noexcept
      : file_(std::move(file)), data_(data), size_(size) {}
  MemfdMemory(const MemfdMemory&) = delete;
  MemfdMemory& operator=(const MemfdMemory&) = delete;
  ~MemfdMemory() override { ::munmap(data_, size_); }

  [[nodiscard]] std::byte* data() const noexcept override { return data_; }
  [[nodiscard]] std::size_t size() const noexcept override { return size_; }

  [[nodiscard]] Result<Handle> share() const override {
    if (!file_.valid()) return Status::Closed;
    return duplicate_descriptor(borrow_descriptor(file_));
  }

  void stop_sharing() noexcept override { file_.close(); }

  [[nodiscard]] bool is_same(const Handle& handle) const noexcept override {
    struct stat mine {};
    struct stat other {};
    return file_.valid() && handle.valid() &&
           // Seals first, as in verify(): this check stays inside the kernel.
           ::fcntl(borrow_descriptor(handle), F_GET_SEALS) >= 0 &&
           ::fstat(borrow_descriptor(file_), &mine) == 0 &&
           ::fstat(borrow_descriptor(handle), &other) == 0 && mine.st_dev == other.st_dev &&
           mine.st_ino == other.st_ino;
  }

 private:
  Handle file_;
  std::byte* data_;
  std::size_t size_;
};

// Not MADV_DONTFORK: the pages of a shared mapping cost a forked child nothing, and a child that
// destroys inherited objects must not crash by touching them.
Result<std::unique_ptr<SharedMemory>> map(Handle file, std::size_t bytes, Access access) {
  const int protection = access == Access::ReadOnly ? PROT_READ : PROT_READ | PROT_WRITE;
  const int sharing = access == Access::PrivateCopy ? MAP_PRIVATE | MAP_NORESERVE : MAP_SHARED;
  void* address = ::mmap(nullptr, bytes, protection, sharing, borrow_descriptor(file), 0);
  if (address == MAP_FAILED) return error_of(errno, kMap);
  return std::unique_ptr<SharedMemory>(
      std::make_unique<MemfdMemory>(std::move(file), static_cast<std::byte*>(address), bytes));
}

Result<Handle> create_memfd() {
  constexpr unsigned int kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int fd = ::memfd_create("busbar", kFlags | MFD_NOEXEC_SEAL);
  // Kernels before 6.3 do not know MFD_NOEXEC_SEAL and refuse it.
  if (fd < 0 && errno == EINVAL) fd = ::memfd_create("busbar", kFlags);
  if (fd < 0) return error_of(errno, kMemfdCreate);
  return own_descriptor(fd);
}

// The largest size whose mapping, rounded up to pages, can be expressed as off_t and size_t.
constexpr std::size_t kMaxBytes = std::numeric_limits<std::ptrdiff_t>::max() - (1 << 16);

Error verify(int fd, std::size_t bytes) {
  // Seals first: this check never reaches a peer's own file system, which could make us wait for an
  // answer. Everything except a memfd fails it.
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0) return {Status::ProtocolViolation, errno};
  if ((seals & kSizeSeals) != kSizeSeals) return {Status::ProtocolViolation};
  struct statfs file_system {};
  if (::fstatfs(fd, &file_system) != 0) return error_of(errno, kFileSystem);
  // hugetlbfs has seals too, but its pages can run out under a reader (SIGBUS).
  if (file_system.f_type != TMPFS_MAGIC) return {Status::ProtocolViolation};
  struct stat file {};
  if (::fstat(fd, &file) != 0) return error_of(errno);
  if (!S_ISREG(file.st_mode) || std::cmp_not_equal(file.st_size, bytes)) {
    return {Status::ProtocolViolation};
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<SharedMemory>> create_memfd_memory(std::size_t bytes, Access peers) {
  if (bytes == 0 || bytes > kMaxBytes) return Status::InvalidArgument;
  Result<Handle> file = create_memfd();
  if (!file) return file.error();
  const int fd = borrow_descriptor(file.value());
  if (::ftruncate(fd, static_cast<off_t>(bytes)) != 0) return error_of(errno, kTruncate);
  Result<std::unique_ptr<SharedMemory>> memory = map(file.take(), bytes, Access::ReadWrite);
  if (!memory) return memory;
  // After our own mapping, the only one that stays writable.
  const int seals =
      kSizeSeals | F_SEAL_SEAL | (peers == Access::ReadOnly ? F_SEAL_FUTURE_WRITE : 0);
  if (::fcntl(fd, F_ADD_SEALS, seals) != 0) {
    // Kernels before 5.1 have no F_SEAL_FUTURE_WRITE.
    return errno == EINVAL ? Error{Status::Unsupported, EINVAL, &kSeal} : error_of(errno, kSeal);
  }
  return memory;
}

Result<std::unique_ptr<SharedMemory>> adopt_memfd_memory(Handle handle, std::size_t bytes,
                                                         Access access) {
  if (!handle.valid() || bytes == 0 || bytes > kMaxBytes) return Status::InvalidArgument;
  const Error error = verify(borrow_descriptor(handle), bytes);
  if (!error.ok()) return error;
  return map(std::move(handle), bytes, access);
}

}  // namespace busbar::linux_platform
