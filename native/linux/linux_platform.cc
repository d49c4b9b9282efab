// native_platform() of Linux: combines the files of this folder.
#include <sched.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "linux/epoll_doorbell_set.h"
#include "linux/epoll_reactor.h"
#include "linux/membarrier_fence.h"
#include "linux/memfd_memory.h"
#include "linux/proc_stat.h"
#include "linux/seqpacket_channel.h"
#include "linux/shutdown_doorbell.h"
#include "linux/unix_socket_rendezvous.h"
#include "platform/platform.h"
#include "posix/file_descriptor.h"
#include "posix/pthread_thread.h"

namespace busbar {
namespace {

class LinuxPlatform final : public Platform {
 public:
  [[nodiscard]] Result<std::unique_ptr<Rendezvous>> open_rendezvous(
      std::string_view identifier) override {
    return linux_platform::open_unix_socket_rendezvous(identifier);
  }

  [[nodiscard]] Result<std::unique_ptr<SharedMemory>> create_memory(std::size_t bytes,
                                                                    Access peers) override {
    return linux_platform::create_memfd_memory(bytes, peers);
  }
  [[nodiscard]] Result<std::unique_ptr<SharedMemory>> adopt_memory(Handle handle, std::size_t bytes,
                                                                   Access access) override {
    return linux_platform::adopt_memfd_memory(std::move(handle), bytes, access);
  }

  [[nodiscard]] Result<std::unique_ptr<Doorbell>> create_doorbell() override {
    return linux_platform::create_shutdown_doorbell();
  }
  [[nodiscard]] Result<std::unique_ptr<DoorbellSet>> create_doorbell_set() override {
    return linux_platform::create_epoll_doorbell_set();
  }

  [[nodiscard]] Result<ChannelPair> create_channel_pair(std::uint32_t) override {
    return linux_platform::create_seqpacket_pair();
  }
  [[nodiscard]] Result<std::unique_ptr<Channel>> adopt_channel(Handle handle) override {
    return linux_platform::adopt_seqpacket_channel(std::move(handle));
  }

  [[nodiscard]] Result<Handle> duplicate(const Handle& handle) override {
    if (!handle.valid()) return Status::InvalidArgument;
    return posix::duplicate_descriptor(posix::borrow_descriptor(handle));
  }
  [[nodiscard]] Result<Handle> adopt(std::intptr_t raw) override {
    return posix::adopt_descriptor(raw);
  }

  [[nodiscard]] Result<std::unique_ptr<Reactor>> create_reactor() override {
    return linux_platform::create_epoll_reactor();
  }

  [[nodiscard]] Result<std::unique_ptr<Thread>> start_thread(std::function<void()> body) override {
    return posix::start_pthread(std::move(body));
  }

  [[nodiscard]] bool fence_process() noexcept override { return linux_platform::fence_process(); }
  void prepare_process_fence() noexcept override { linux_platform::prepare_process_fence(); }

  [[nodiscard]] std::uint64_t descriptor_limit() const noexcept override {
    return posix::descriptor_limit();
  }

  // CLOCK_MONOTONIC: one clock for all processes of the machine.
  [[nodiscard]] TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }

  // Not cached: the answer changes in a forked child.
  [[nodiscard]] ProcessIdentity self() const noexcept override {
    return {static_cast<std::uint32_t>(::getpid()), ::geteuid()};
  }

  [[nodiscard]] std::uint64_t process_token(std::uint32_t pid) noexcept override {
    return linux_platform::process_token(pid);
  }

  [[nodiscard]] std::uint64_t pid_namespace() noexcept override {
    return linux_platform::pid_namespace();
  }

  [[nodiscard]] bool is_stopped(std::uint32_t pid) noexcept override {
    return linux_platform::is_stopped(pid);
  }
  [[nodiscard]] bool is_runnable(std::uint32_t pid) noexcept override {
    return linux_platform::is_runnable(pid);
  }

  [[nodiscard]] std::uint32_t current_cpu() const noexcept override {
    const int cpu = ::sched_getcpu();
    return cpu < 0 ? 0 : static_cast<std::uint32_t>(cpu);
  }

  [[nodiscard]] Error random(std::span<std::byte> out) override {
    while (!out.empty()) {
      const ssize_t got = ::getrandom(out.data(), out.size(), 0);
      if (got > 0) {
        out = out.subspan(static_cast<std::size_t>(got));
      } else if (errno != EINTR) {
        return posix::error_of(errno);
      }
    }
    return {};
  }
};

}  // namespace

Platform& native_platform() noexcept {
  // Never destroyed: other threads may still use it while the process exits.
  static LinuxPlatform& platform = *new LinuxPlatform;
  return platform;
}

}  // namespace busbar
