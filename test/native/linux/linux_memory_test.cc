// Linux only: operations that the seals forbid, and memory without seals.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "platform/platform_contract.h"
#include "posix/file_descriptor.h"

namespace {

using namespace busbar;
using namespace contract;
using namespace posix;

constexpr std::size_t kBytes = 4096;

Status adopt_status(int fd, std::size_t bytes = kBytes) {
  return native_platform().adopt_memory(own_descriptor(fd), bytes, Access::ReadOnly).status();
}

// A memfd as a hostile peer would make it.
int make_memfd(unsigned int flags, int seals, off_t size = kBytes) {
  const int fd = ::memfd_create("hostile", MFD_CLOEXEC | flags);
  if (fd >= 0 && ::ftruncate(fd, size) == 0 && seals != 0) ::fcntl(fd, F_ADD_SEALS, seals);
  return fd;
}

}  // namespace

TEST(linux_memory_can_never_change_its_size) {
  auto memory = native_platform().create_memory(kBytes, Access::ReadWrite);
  REQUIRE(memory.ok());
  const Handle handle = memory.value()->share().take();
  const int fd = borrow_descriptor(handle);
  for (const off_t size : {0, 100, 8192}) {
    CHECK_EQ(::ftruncate(fd, size), -1);
    CHECK_EQ(errno, EPERM);
  }
  // Nor can seals be added: nobody can make a peer's writes fail later.
  CHECK_EQ(::fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
  CHECK_EQ(errno, EPERM);
}

TEST(linux_memory_for_readers_cannot_be_written_by_any_road) {
  auto memory = native_platform().create_memory(kBytes, Access::ReadOnly);
  REQUIRE(memory.ok());
  const Handle handle = memory.value()->share().take();
  const int fd = borrow_descriptor(handle);
  CHECK(::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
  CHECK_EQ(errno, EPERM);
  void* readable = ::mmap(nullptr, kBytes, PROT_READ, MAP_SHARED, fd, 0);
  REQUIRE(readable != MAP_FAILED);
  CHECK_EQ(::mprotect(readable, kBytes, PROT_READ | PROT_WRITE), -1);
  ::munmap(readable, kBytes);
  CHECK_EQ(::pwrite(fd, "x", 1, 0), -1);
  CHECK_EQ(::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kBytes), -1);
  // Opened again with other rights, it is still the same sealed file.
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  const Handle again = own_descriptor(::open(path, O_RDWR | O_CLOEXEC));
  CHECK(::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, borrow_descriptor(again), 0) ==
        MAP_FAILED);
  memory.value()->data()[0] = std::byte{1};  // its creator still can
}

TEST(linux_memory_without_seals_is_refused) {
  CHECK_EQ(adopt_status(make_memfd(0, 0)), Status::ProtocolViolation);
  CHECK_EQ(adopt_status(make_memfd(MFD_ALLOW_SEALING, 0)), Status::ProtocolViolation);
  CHECK_EQ(adopt_status(make_memfd(MFD_ALLOW_SEALING, F_SEAL_SHRINK)), Status::ProtocolViolation);
  CHECK_EQ(adopt_status(make_memfd(MFD_ALLOW_SEALING, F_SEAL_GROW)), Status::ProtocolViolation);
  CHECK_EQ(adopt_status(make_memfd(MFD_ALLOW_SEALING, F_SEAL_SHRINK | F_SEAL_GROW)), Status::Ok);
}

TEST(linux_memory_sealed_too_small_is_refused) {
  CHECK_EQ(adopt_status(make_memfd(MFD_ALLOW_SEALING, F_SEAL_SHRINK | F_SEAL_GROW, 0)),
           Status::ProtocolViolation);
  CHECK_EQ(adopt_status(make_memfd(MFD_ALLOW_SEALING, F_SEAL_SHRINK | F_SEAL_GROW, 4095)),
           Status::ProtocolViolation);
}

TEST(linux_memory_that_is_a_file_a_pipe_or_a_directory_is_refused) {
  char name[] = "/tmp/busbar-file-XXXXXX";
  const int file = ::mkstemp(name);
  ::unlink(name);
  CHECK_EQ(::ftruncate(file, kBytes), 0);
  CHECK_EQ(adopt_status(file), Status::ProtocolViolation);
  CHECK_EQ(adopt_status(::open("/dev/zero", O_RDWR | O_CLOEXEC)), Status::ProtocolViolation);
  CHECK_EQ(adopt_status(::open("/tmp", O_RDONLY | O_CLOEXEC)), Status::ProtocolViolation);
  int pipe[2];
  REQUIRE_EQ(::pipe2(pipe, O_CLOEXEC), 0);
  const Handle writer = own_descriptor(pipe[1]);
  CHECK_EQ(adopt_status(pipe[0]), Status::ProtocolViolation);
}

TEST(linux_memory_on_huge_pages_is_refused) {
  constexpr std::size_t kHuge = 2 << 20;
  const int fd = ::memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB);
  if (fd < 0 || ::ftruncate(fd, kHuge) != 0) return;  // the kernel has no huge pages
  ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
  CHECK_EQ(adopt_status(fd, kHuge), Status::ProtocolViolation);
}

TEST(linux_memory_of_an_impossible_size_is_refused) {
  CHECK_EQ(native_platform().create_memory(SIZE_MAX, Access::ReadWrite).status(),
           Status::InvalidArgument);
  CHECK(!native_platform().create_memory(SIZE_MAX / 4, Access::ReadWrite).ok());
}

// As in containers whose seccomp filter is older than the call.
TEST(linux_memory_names_the_call_that_a_filter_denies) {
  const pid_t child = ::fork();
  if (child == 0) {
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog filter{4, program};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
      ::_exit(77);
    }
    const Error error = native_platform().create_memory(4096, Access::ReadWrite).error();
    const bool named = error.status == Status::Permission && error.os_code == EPERM &&
                       error.at != nullptr && std::strcmp(error.at->call, "memfd_create") == 0 &&
                       error.at->advice != nullptr;
    ::_exit(named ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  // 77: filters are not available here, as under qemu.
  CHECK(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
}
