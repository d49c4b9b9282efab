// Uses uv_get_osfhandle and uv_open_osfhandle, only on systems where descriptors are not handles:
// some runtimes lack most of libuv.
#include "node/object_value.h"

#include <uv.h>

#include <limits>
#include <type_traits>
#include <utility>

#include "platform/platform.h"

namespace busbar::node {
namespace {

constexpr bool kDescriptorsAreHandles = std::is_integral_v<uv_os_fd_t>;

// Templates, because each half compiles only on the systems that use it.
template <typename Raw>
std::intptr_t number_of(Raw raw) noexcept {
  if constexpr (std::is_integral_v<Raw>) {
    return raw;
  } else {
    return reinterpret_cast<std::intptr_t>(raw);
  }
}

template <typename Raw>
Raw raw_of(std::intptr_t number) noexcept {
  if constexpr (std::is_integral_v<Raw>) {
    return static_cast<Raw>(number);
  } else {
    return reinterpret_cast<Raw>(number);
  }
}

std::intptr_t behind(std::int64_t fd) noexcept {
  if (fd < 0 || fd > std::numeric_limits<int>::max()) return -1;
  if constexpr (kDescriptorsAreHandles) {
    return fd;
  } else {
    return number_of(uv_get_osfhandle(static_cast<int>(fd)));
  }
}

void close_entry(std::int64_t fd) noexcept {
  if constexpr (!kDescriptorsAreHandles) {
    uv_fs_t request{};
    (void)uv_fs_close(nullptr, &request, static_cast<uv_file>(fd), nullptr);
    uv_fs_req_cleanup(&request);
  }
}

// A new descriptor with a handle of its own.
[[maybe_unused]] std::int64_t open_entry(const Handle& handle) noexcept {
  auto copy = native_platform().duplicate(handle);
  if (!copy) return -1;
  if constexpr (kDescriptorsAreHandles) {
    return copy.value().take();
  } else {
    const int fd = uv_open_osfhandle(raw_of<uv_os_fd_t>(copy.value().borrow()));
    // The descriptor owns the handle now.
    if (fd >= 0) (void)copy.value().take();
    return fd;
  }
}

}  // namespace

Result<Handle> duplicate_behind(std::int64_t fd) {
  const Handle borrowed(behind(fd), [](std::intptr_t) noexcept {});
  return native_platform().duplicate(borrowed);
}

Result<Handle> adopt_behind(std::int64_t fd) {
  if constexpr (kDescriptorsAreHandles) {
    return native_platform().adopt(behind(fd));
  } else {
    auto made = duplicate_behind(fd);
    if (made) close_entry(fd);
    return made;
  }
}

ObjectValue::ObjectValue(Handle handle) noexcept : handle_(std::move(handle)) {}

ObjectValue::~ObjectValue() { close(); }

std::int64_t ObjectValue::descriptor() noexcept {
  if (name().kind != ObjectKind::Descriptor) return -1;
  if constexpr (kDescriptorsAreHandles) {
    return handle_.borrow();
  } else {
    if (entry_ < 0) entry_ = open_entry(handle_);
    return entry_;
  }
}

std::int64_t ObjectValue::take() noexcept {
  const std::int64_t fd = descriptor();
  if (fd < 0) return fd;
  entry_ = -1;
  if (kDescriptorsAreHandles) return handle_.take();
  handle_.close();
  return fd;
}

ObjectName ObjectValue::name() const noexcept {
  return handle_.valid() ? native_platform().name_of(handle_) : ObjectName{};
}

ObjectName ObjectValue::take_name() noexcept {
  const ObjectKind kind = name().kind;
  if (kind == ObjectKind::Descriptor || kind == ObjectKind::Unusable) return {};
  auto given = native_platform().give_away(handle_);
  return given ? given.take() : ObjectName{};
}

void ObjectValue::close() noexcept {
  handle_.close();
  if (entry_ >= 0) close_entry(std::exchange(entry_, -1));
}

}  // namespace busbar::node
