// Opens, creates and checks the directory of bus names.
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
using posix::failed_at;
using posix::own_descriptor;

namespace {

constexpr const char* kWanted = "it has to be a directory of this user with mode 0700";

// Owner and mode are read from the opened directory, so nobody can swap it between check and use.
Result<Handle> open_private(int parent, const char* name, const std::string& path) {
  const int fd = ::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    const int os_code = errno;
    Error error = error_of(os_code, failed_at("open", path, kWanted));
    if (os_code == ELOOP || os_code == ENOTDIR) error.status = Status::Permission;
    return error;
  }
  Handle directory = own_descriptor(fd);
  struct stat facts {};
  if (::fstat(fd, &facts) != 0) return error_of(errno, failed_at("fstat", path));
  if (facts.st_uid != ::geteuid() || (facts.st_mode & 0777) != 0700) {
    return Error{Status::Permission, 0, &failed_at("open", path, kWanted)};
  }
  return directory;
}

// A directory of ours that lacks some of our own permissions and gives others none: the process
// that made it was killed before it could undo the effect of its umask.
bool give_rights_back(int parent, const char* name) {
  struct stat facts {};
  return ::fstatat(parent, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(facts.st_mode) &&
         facts.st_uid == ::geteuid() && (facts.st_mode & 077) == 0 &&
         (facts.st_mode & 0700) != 0700 && ::fchmodat(parent, name, 0700, 0) == 0;
}

Result<Handle> make_private(int parent, const char* name, const std::string& path) {
  if (::mkdirat(parent, name, 0700) != 0 && errno != EEXIST) {
    return error_of(errno, failed_at("mkdir", path,
                                     "set XDG_RUNTIME_DIR to a directory of this "
                                     "user that can be written to"));
  }
  Result<Handle> opened = open_private(parent, name, path);
  if (opened || !give_rights_back(parent, name)) return opened;
  return open_private(parent, name, path);
}

// The session's directory, if it passes the checks.
std::optional<RuntimeDirectory> open_session_directory() {
  const char* path = std::getenv("XDG_RUNTIME_DIR");
  if (path == nullptr || path[0] != '/') return std::nullopt;
  Result<Handle> directory = open_private(AT_FDCWD, path, path);
  if (!directory) return std::nullopt;
  return RuntimeDirectory{directory.take(), path};
}

}  // namespace

Result<RuntimeDirectory> open_runtime_directory() {
  if (std::optional<RuntimeDirectory> session = open_session_directory()) {
    std::string path = session->path + "/busbar";
    Result<Handle> ours = make_private(borrow_descriptor(session->descriptor), "busbar", path);
    if (!ours) return ours.error();
    return RuntimeDirectory{ours.take(), std::move(path)};
  }
  std::string path = "/tmp/busbar-" + std::to_string(::geteuid());
  Result<Handle> ours = make_private(AT_FDCWD, path.c_str(), path);
  if (!ours) return ours.error();
  return RuntimeDirectory{ours.take(), std::move(path)};
}

}  // namespace busbar::linux_platform
