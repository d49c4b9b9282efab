// ObjectValue: a kernel object owned by JavaScript, and its descriptor in JavaScript. On Windows a
// descriptor is an entry in a table of Node's C library, which has the HANDLE; on other systems
// both are the same number.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "platform/handle.h"
#include "platform/object_name.h"

namespace busbar::node {

// A second handle on the object of `fd`, which stays the caller's. InvalidArgument if `fd` is not
// open.
[[nodiscard]] Result<Handle> duplicate_behind(std::int64_t fd);
// Takes ownership of `fd`: the caller must not close it any more. InvalidArgument if `fd` is not
// open; then it stays the caller's.
[[nodiscard]] Result<Handle> adopt_behind(std::int64_t fd);

// A kernel object that JavaScript owns.
class ObjectValue {
 public:
  explicit ObjectValue(Handle handle) noexcept;
  ~ObjectValue();
  ObjectValue(const ObjectValue&) = delete;
  ObjectValue& operator=(const ObjectValue&) = delete;

  [[nodiscard]] Handle& handle() noexcept { return handle_; }
  // The descriptor, which stays the property of this value; -1 without an object, or if the object
  // cannot have one.
  [[nodiscard]] std::int64_t descriptor() noexcept;
  // The descriptor, which the caller owns afterwards.
  [[nodiscard]] std::int64_t take() noexcept;
  // The number that identifies the object, and its kind; Unusable without an object.
  [[nodiscard]] ObjectName name() const noexcept;
  // The number of an object that is not a descriptor, which the caller owns afterwards; Unusable if
  // that is impossible.
  [[nodiscard]] ObjectName take_name() noexcept;
  void close() noexcept;

 private:
  Handle handle_;
  // The entry in the table of descriptors, where a descriptor is not the handle itself; made at
  // first use.
  std::int64_t entry_ = -1;
};

}  // namespace busbar::node
