// ObjectValue: a kernel object owned by JavaScript, and the descriptor by which JavaScript knows
// it. On Windows a descriptor is an entry in a table of Node's C library, which keeps the HANDLE;
// on other systems both are the same number.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "platform/handle.h"
#include "platform/object_name.h"

namespace busbar::node {

// A second handle on what is behind `fd`, which stays the caller's. InvalidArgument when it is not
// open.
[[nodiscard]] Result<Handle> duplicate_behind(std::int64_t fd);
// Owns what is behind `fd`, which is nobody else's to close from now on. As above; `fd` stays the
// caller's then.
[[nodiscard]] Result<Handle> adopt_behind(std::int64_t fd);

// A kernel object in the hands of JavaScript.
class ObjectValue {
 public:
  explicit ObjectValue(Handle handle) noexcept;
  ~ObjectValue();
  ObjectValue(const ObjectValue&) = delete;
  ObjectValue& operator=(const ObjectValue&) = delete;

  [[nodiscard]] Handle& handle() noexcept { return handle_; }
  // The descriptor, still owned by this one; -1 when there is no object, or none can be had.
  [[nodiscard]] std::int64_t descriptor() noexcept;
  // The same, the caller's from now on.
  [[nodiscard]] std::int64_t take() noexcept;
  // What it is known by; Unusable when there is no object.
  [[nodiscard]] ObjectName name() const noexcept;
  // The same of an object that is no descriptor, the caller's from now on; Unusable when that
  // cannot be.
  [[nodiscard]] ObjectName take_name() noexcept;
  void close() noexcept;

 private:
  Handle handle_;
  // An entry of its own, where that is not the handle itself; made when it is first asked for.
  std::int64_t entry_ = -1;
};

}  // namespace busbar::node
