// CreateFileMapping and MapViewOfFile.
#include "windows/section_memory.h"

#include <limits>
#include <utility>

#include "windows/kernel_handle.h"
#include "windows/native_calls.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {
namespace {

constexpr std::uint64_t kPage = 4096;
// The largest size that can still be rounded up to pages.
constexpr std::size_t kMaxBytes = std::numeric_limits<std::ptrdiff_t>::max() - (1 << 16);

constexpr std::uint64_t round_up(std::uint64_t bytes) noexcept {
  return (bytes + kPage - 1) / kPage * kPage;
}

constexpr std::uint32_t rights_for(Access peers) noexcept {
  return SECTION_QUERY | SECTION_MAP_READ | (peers == Access::ReadOnly ? 0U : SECTION_MAP_WRITE);
}

class SectionMemory final : public SharedMemory {
 public:
  // `peer_rights`: the rights of handles from share(); 0: those of `section`.
  SectionMemory(Handle section, std::byte* data, std::size_t size, std::uint32_t peer_rights)
      : section_(std::move(section)), data_(data), size_(size), peer_rights_(peer_rights) {}
  SectionMemory(const SectionMemory&) = delete;
  SectionMemory& operator=(const SectionMemory&) = delete;
  ~SectionMemory() override { ::UnmapViewOfFile(data_); }

  [[nodiscard]] std::byte* data() const noexcept override { return data_; }
  [[nodiscard]] std::size_t size() const noexcept override { return size_; }

  [[nodiscard]] Result<Handle> share() const override {
    if (!section_.valid()) return Status::Closed;
    return duplicate_handle(borrow_handle(section_), peer_rights_);
  }

  [[nodiscard]] bool is_same(const Handle& handle) const noexcept override {
    return section_.valid() && handle.valid() &&
           is_same_object(borrow_handle(section_), borrow_handle(handle));
  }

  void stop_sharing() noexcept override { section_.close(); }

 private:
  Handle section_;
  std::byte* data_;
  std::size_t size_;
  std::uint32_t peer_rights_;
};

DWORD view_access(Access access) noexcept {
  switch (access) {
    case Access::ReadOnly:
      return FILE_MAP_READ;
    case Access::PrivateCopy:
      return FILE_MAP_COPY;
    default:
      return FILE_MAP_READ | FILE_MAP_WRITE;
  }
}

Result<std::unique_ptr<SharedMemory>> map(Handle section, std::size_t bytes, Access access,
                                          std::uint32_t peer_rights) {
  void* address = ::MapViewOfFile(borrow_handle(section), view_access(access), 0, 0, bytes);
  if (address == nullptr) return last_error();
  return std::unique_ptr<SharedMemory>(std::make_unique<SectionMemory>(
      std::move(section), static_cast<std::byte*>(address), bytes, peer_rights));
}

// Committed memory of the page file: no access fails because a file is short or memory is out.
bool is_plain_memory(const SectionFacts& facts) noexcept {
  return (facts.attributes & SEC_COMMIT) != 0 &&
         (facts.attributes & (SEC_FILE | SEC_IMAGE | SEC_RESERVE)) == 0;
}

}  // namespace

Result<std::unique_ptr<SharedMemory>> create_section_memory(std::size_t bytes, Access peers) {
  if (bytes == 0 || bytes > kMaxBytes) return Status::InvalidArgument;
  const std::uint64_t size = bytes;
  const HANDLE raw =
      ::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE,
                           static_cast<DWORD>(size >> 32U), static_cast<DWORD>(size), nullptr);
  if (raw == nullptr) return last_error();
  return map(own_handle(raw), bytes, Access::ReadWrite, rights_for(peers));
}

Result<std::unique_ptr<SharedMemory>> adopt_section_memory(Handle handle, std::size_t bytes,
                                                           Access access) {
  if (!handle.valid() || bytes == 0 || bytes > kMaxBytes) return Status::InvalidArgument;
  SectionFacts facts;
  if (!query_section(borrow_handle(handle), facts) || !is_plain_memory(facts) ||
      round_up(facts.bytes) != round_up(bytes)) {
    return Status::ProtocolViolation;
  }
  return map(std::move(handle), bytes, access, 0);
}

}  // namespace busbar::windows_platform
