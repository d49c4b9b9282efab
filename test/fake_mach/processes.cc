// proc_pidinfo, answered from /proc/<pid>/stat.
#include <fcntl.h>
#include <libproc.h>
#include <sched.h>
#include <sys/proc.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "mach/mach.h"

int proc_pidinfo(int pid, int, std::uint64_t, void* buffer, int size) {
  char path[32];
  (void)std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    errno = ESRCH;
    return 0;
  }
  char line[1024];
  const long length = ::read(file, line, sizeof line - 1);
  ::close(file);
  if (length <= 0 || size != static_cast<int>(sizeof(proc_bsdinfo))) return 0;
  line[length] = '\0';
  // After the name, which may contain anything: the state, and 19 fields later the start in ticks.
  const std::size_t bracket = std::string_view(line).rfind(')');
  if (bracket == std::string_view::npos) return 0;
  const char* at = line + bracket + 2;
  const char state = *at;
  for (int field = 0; field < 19; ++field) {
    while (*at != ' ' && *at != '\0') ++at;
    while (*at == ' ') ++at;
  }
  auto& info = *static_cast<proc_bsdinfo*>(buffer);
  info = {};
  info.pbi_pid = static_cast<std::uint32_t>(pid);
  info.pbi_status = state == 'Z' || state == 'X'   ? SZOMB
                    : state == 'T' || state == 't' ? SSTOP
                                                   : SRUN;
  info.pbi_start_tvusec = std::strtoull(at, nullptr, 10);
  return size;
}

int pthread_cpu_number_np(std::size_t* cpu) {
  const int number = ::sched_getcpu();
  *cpu = number < 0 ? 0 : static_cast<std::size_t>(number);
  return 0;
}
