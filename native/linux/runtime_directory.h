// The directory of this user's bus names. Only this user can enter it, which makes the names in it
// trustworthy.
#pragma once

#include <string>

#include "base/status.h"
#include "platform/handle.h"

namespace busbar::linux_platform {

struct RuntimeDirectory {
  Handle descriptor;
  // Absolute, for messages: the path may lead elsewhere by now, the descriptor does not.
  std::string path;
};

// $XDG_RUNTIME_DIR/busbar when that variable is an absolute path to a directory of this user with
// mode 0700, else /tmp/busbar-<uid>; created when missing. Permission when something else is there:
// another owner, another mode, a symbolic link, not a directory. Processes of one user with
// different values of XDG_RUNTIME_DIR do not find each other.
[[nodiscard]] Result<RuntimeDirectory> open_runtime_directory();

}  // namespace busbar::linux_platform
