// The directory in which this user's bus names lie. Only this user can enter it, which is what
// makes the names in it trustworthy.
#pragma once

#include <string>

#include "base/status.h"
#include "platform/handle.h"

namespace busbar::linux_platform {

struct RuntimeDirectory {
  Handle descriptor;
  // Absolute. The descriptor is the truth, the path may have come to lead elsewhere.
  std::string path;
};

// $XDG_RUNTIME_DIR/busbar when that variable is an absolute path to a directory of ours with mode
// 0700, else /tmp/busbar-<uid>; made when missing. Permission when somebody else has put something
// there: another owner, another mode, a symbolic link, no directory. Processes of one user that
// disagree about XDG_RUNTIME_DIR do not find each other.
[[nodiscard]] Result<RuntimeDirectory> open_runtime_directory();

}  // namespace busbar::linux_platform
