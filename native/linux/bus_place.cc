// Turns an identifier into file names.
#include "linux/bus_place.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/sha256.h"
#include "posix/file_descriptor.h"

namespace busbar::linux_platform {

using posix::borrow_descriptor;

namespace {

// For a person who lists the directory. The digest alone makes the names unique.
constexpr std::size_t kReadableCharacters = 24;

bool is_safe(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '-' || c == '_';
}

std::string base_name(std::string_view identifier) {
  std::string name(identifier.substr(0, kReadableCharacters));
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !is_safe(c); }, '_');
  if (name.starts_with('.')) name[0] = '_';
  name += '-';
  return name + short_digest(identifier);
}

}  // namespace

int BusPlace::borrow_directory() const noexcept { return borrow_descriptor(directory.descriptor); }

std::string BusPlace::path_of(const std::string& name) const { return directory.path + '/' + name; }

Result<std::shared_ptr<const BusPlace>> open_bus_place(std::string_view identifier) {
  Result<RuntimeDirectory> directory = open_runtime_directory();
  if (!directory) return directory.error();
  const std::string base = base_name(identifier);
  return std::shared_ptr<const BusPlace>(
      std::make_shared<BusPlace>(BusPlace{directory.take(), base + ".sock", base + ".lock",
                                          base + ".new", base + ".bell", base + ".next"}));
}

Result<SocketAddress> address_in(const BusPlace& place, const std::string& name) {
  std::string path = "/proc/self/fd/" + std::to_string(place.borrow_directory());
  if (::access(path.c_str(), F_OK) != 0) path = place.directory.path;
  path += '/' + name;
  SocketAddress result;
  result.address.sun_family = AF_UNIX;
  if (path.size() >= sizeof result.address.sun_path)
    return {Error{Status::Unsupported, ENAMETOOLONG}};
  std::memcpy(result.address.sun_path, path.c_str(), path.size() + 1);
  return result;
}

}  // namespace busbar::linux_platform
