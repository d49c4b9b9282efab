// Reading /proc/<pid>/stat.
#include "linux/proc_stat.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <memory>
#include <optional>
#include <string_view>

#include "posix/file_descriptor.h"

namespace busbar::linux_platform {

using posix::own_descriptor;

namespace {

// More than the first 22 fields can take.
using Line = std::array<char, 1024>;

std::string_view read_line_of(const char* path, Line& line) noexcept {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const Handle file = own_descriptor(fd);
  const ssize_t length = ::read(fd, line.data(), line.size());
  return length <= 0 ? std::string_view() : std::string_view(line.data(), length);
}

std::string_view read_line(std::uint32_t pid, Line& line) noexcept {
  std::array<char, 32> path{};
  (void)std::snprintf(path.data(), path.size(), "/proc/%u/stat", pid);
  return read_line_of(path.data(), line);
}

// The second field, the program's name, is in brackets and may contain anything, brackets too; the
// fields after the last bracket are plain numbers and letters. Field 3, the state, is index 0 here.
std::optional<std::string_view> field(std::string_view line, int index) noexcept {
  const std::size_t bracket = line.rfind(')');
  if (bracket == std::string_view::npos) return std::nullopt;
  line.remove_prefix(bracket + 1);
  for (int i = 0;; ++i) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) return std::nullopt;
    line.remove_prefix(begin);
    const std::size_t end = line.find(' ');
    if (i == index) return line.substr(0, end);
    if (end == std::string_view::npos) return std::nullopt;
    line.remove_prefix(end);
  }
}

}  // namespace

std::uint64_t process_token(std::uint32_t pid) noexcept {
  Line text;
  const std::string_view line = read_line(pid, text);
  const auto state = field(line, 0);
  const auto start = field(line, 19);
  if (!state || !start || *state == "Z" || *state == "X") return 0;
  std::uint64_t ticks = 0;
  const auto parsed = std::from_chars(start->data(), start->data() + start->size(), ticks);
  if (parsed.ec != std::errc()) return 0;
  return (ticks & 0xFFFFFFFFU) << 32U | pid;
}

std::uint64_t pid_namespace() noexcept {
  struct stat facts {};
  return ::stat("/proc/self/ns/pid", &facts) == 0 ? facts.st_ino : 0;
}

bool is_stopped(std::uint32_t pid) noexcept {
  Line text;
  const auto state = field(read_line(pid, text), 0);
  return state && (*state == "T" || *state == "t");
}

bool is_runnable(std::uint32_t pid) noexcept {
  constexpr int kMaxThreads = 256;
  std::array<char, 64> path{};
  (void)std::snprintf(path.data(), path.size(), "/proc/%u/task", pid);
  const std::unique_ptr<DIR, int (*)(DIR*)> threads(::opendir(path.data()), &::closedir);
  if (threads == nullptr) return false;
  for (int seen = 0; seen < kMaxThreads;) {
    const dirent* entry = ::readdir(threads.get());
    if (entry == nullptr) return false;
    if (entry->d_name[0] == '.') continue;
    ++seen;
    (void)std::snprintf(path.data(), path.size(), "/proc/%u/task/%.10s/stat", pid, entry->d_name);
    Line text;
    const auto state = field(read_line_of(path.data(), text), 0);
    if (state && *state == "R") return true;
  }
  return false;
}

}  // namespace busbar::linux_platform
