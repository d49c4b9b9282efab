// PipeDoor: the ends of a named pipe at which visitors arrive.
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
  // Nobody may have a pipe of that name yet.
  [[nodiscard]] static Result<std::unique_ptr<PipeDoor>> open(std::string name);
  PipeDoor(std::string name, Handle event) noexcept;
  ~PipeDoor();
  PipeDoor(const PipeDoor&) = delete;
  PipeDoor& operator=(const PipeDoor&) = delete;

  // An end at which a visitor has come, and another in its place; WouldBlock when nobody has.
  [[nodiscard]] Result<Handle> next();
  // A second handle on the end at which visitors arrive from now on: the others are closed.
  [[nodiscard]] Result<Handle> share();
  // Signaled when next() has something to tell.
  [[nodiscard]] RawHandle event() const noexcept { return borrow_handle(event_); }

 private:
  struct End;

  [[nodiscard]] Error add_end(bool first);
  void wait_for_visitor(End& end) noexcept;
  static bool visitor_came(End& end) noexcept;
  void set_event() noexcept;

  std::string name_;
  // Manual-reset; that of every operation under way.
  Handle event_;
  std::vector<std::unique_ptr<End>> ends_;
};

}  // namespace busbar::windows_platform
