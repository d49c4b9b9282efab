// Opens, makes and checks the directory of bus names.
#include "linux/runtime_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

#include "posix/file_descriptor.h"

namespace busbar::linux_platform {

using posix::borrow_descriptor;
using posix::error_of;
using posix::own_descriptor;

namespace {

// Owner and mode are asked of the opened directory, so nothing can be exchanged in between.
Result<Handle> open_private(int parent, const char* path) {
  const int fd = ::openat(parent, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    const bool planted = errno == ELOOP || errno == ENOTDIR;
    return planted ? Error{Status::Permission, errno} : error_of(errno);
  }
  Handle directory = own_descriptor(fd);
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) return error_of(errno);
  if (facts.st_uid != ::geteuid() || (facts.st_mode & 0777) != 0700) {
    return Status::Permission;
  }
  return directory;
}

Result<Handle> make_private(int parent, const char* path) {
  if (::mkdirat(parent, path, 0700) != 0 && errno != EEXIST) return error_of(errno);
  return open_private(parent, path);
}

// The session's directory, if there is one that deserves the name.
std::optional<RuntimeDirectory> open_session_directory() {
  const char* path = std::getenv("XDG_RUNTIME_DIR");
  if (path == nullptr || path[0] != '/') return std::nullopt;
  Result<Handle> directory = open_private(AT_FDCWD, path);
  if (!directory) return std::nullopt;
  return RuntimeDirectory{directory.take(), path};
}

}  // namespace

Result<RuntimeDirectory> open_runtime_directory() {
  if (std::optional<RuntimeDirectory> session = open_session_directory()) {
    Result<Handle> ours = make_private(borrow_descriptor(session->descriptor), "busbar");
    if (!ours) return ours.error();
    return RuntimeDirectory{ours.take(), session->path + "/busbar"};
  }
  std::string path = "/tmp/busbar-" + std::to_string(::geteuid());
  Result<Handle> ours = make_private(AT_FDCWD, path.c_str());
  if (!ours) return ours.error();
  return RuntimeDirectory{ours.take(), std::move(path)};
}

}  // namespace busbar::linux_platform
