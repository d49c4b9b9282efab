// PipeDoor: the ends of a named pipe to which visitors connect.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "windows/kernel_handle.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {

class PipeDoor {
 public:
  // Fails if a pipe of that name exists.
  [[nodiscard]] static Result<std::unique_ptr<PipeDoor>> open(std::string name);
  PipeDoor(std::string name, Handle event) noexcept;
  ~PipeDoor();
  PipeDoor(const PipeDoor&) = delete;
  PipeDoor& operator=(const PipeDoor&) = delete;

  // Returns an end with a visitor and replaces it by a new end; WouldBlock when there is no
  // visitor.
  [[nodiscard]] Result<Handle> next();
  // A second handle to the end that takes the next visitors; the other free ends are closed.
  [[nodiscard]] Result<Handle> share();
  // Signaled when next() has a result.
  [[nodiscard]] RawHandle event() const noexcept { return borrow_handle(event_); }

 private:
  struct End;

  [[nodiscard]] Error add_end(bool first);
  void wait_for_visitor(End& end) noexcept;
  static bool visitor_came(End& end) noexcept;
  void set_event() noexcept;

  std::string name_;
  // Manual-reset; shared by all pending operations.
  Handle event_;
  std::vector<std::unique_ptr<End>> ends_;
};

}  // namespace busbar::windows_platform
