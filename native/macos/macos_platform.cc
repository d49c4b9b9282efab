// native_platform() of macOS: combines the files of this folder.
#include <pthread.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "macos/bootstrap_rendezvous.h"
#include "macos/kqueue_doorbell_set.h"
#include "macos/kqueue_reactor.h"
#include "macos/mach_object.h"
#include "macos/memory_entry.h"
#include "macos/port_channel.h"
#include "macos/port_doorbell.h"
#include "macos/process_info.h"
#include "platform/platform.h"
#include "posix/file_descriptor.h"
#include "posix/pthread_thread.h"

namespace busbar {
namespace {

// The most bytes that one getentropy returns.
constexpr std::size_t kMaxEntropy = 256;

class MacosPlatform final : public Platform {
 public:
  [[nodiscard]] Result<std::unique_ptr<Rendezvous>> open_rendezvous(
      std::string_view identifier) override {
    return macos_platform::open_bootstrap_rendezvous(identifier);
  }

  [[nodiscard]] Result<std::unique_ptr<SharedMemory>> create_memory(std::size_t bytes,
                                                                    Access peers) override {
    return macos_platform::create_entry_memory(bytes, peers);
  }
  [[nodiscard]] Result<std::unique_ptr<SharedMemory>> adopt_memory(Handle handle, std::size_t bytes,
                                                                   Access access) override {
    return macos_platform::adopt_entry_memory(std::move(handle), bytes, access);
  }

  [[nodiscard]] Result<std::unique_ptr<Doorbell>> create_doorbell() override {
    return macos_platform::create_port_doorbell();
  }
  [[nodiscard]] Result<std::unique_ptr<DoorbellSet>> create_doorbell_set() override {
    return macos_platform::create_kqueue_doorbell_set();
  }

  [[nodiscard]] Result<ChannelPair> create_channel_pair(std::uint32_t) override {
    return macos_platform::create_port_pair();
  }
  [[nodiscard]] Result<std::unique_ptr<Channel>> adopt_channel(Handle handle) override {
    return macos_platform::adopt_port_channel(std::move(handle));
  }

  [[nodiscard]] Result<Handle> duplicate(const Handle& handle) override {
    return macos_platform::duplicate_handle(handle);
  }
  [[nodiscard]] Result<Handle> adopt(std::intptr_t raw) override {
    return posix::adopt_descriptor(raw);
  }

  [[nodiscard]] Result<Handle> duplicate_named(ObjectName name) override {
    if (name.kind != ObjectKind::MachPort) return Status::Unsupported;
    return macos_platform::duplicate_port(name.number);
  }
  [[nodiscard]] ObjectName name_of(const Handle& handle) const noexcept override {
    return macos_platform::name_of(handle);
  }
  [[nodiscard]] Result<ObjectName> give_away(Handle& handle) override {
    return macos_platform::give_away(handle);
  }

  [[nodiscard]] Result<std::unique_ptr<Reactor>> create_reactor() override {
    return macos_platform::create_kqueue_reactor();
  }

  [[nodiscard]] Result<std::unique_ptr<Thread>> start_thread(std::function<void()> body) override {
    return posix::start_pthread(std::move(body));
  }

  // macOS has no such call.
  [[nodiscard]] bool fence_process() noexcept override { return false; }
  void prepare_process_fence() noexcept override {}

  // One clock for all processes of the machine.
  [[nodiscard]] TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }

  // Not cached: the answer changes in a forked child.
  [[nodiscard]] ProcessIdentity self() const noexcept override {
    return {static_cast<std::uint32_t>(::getpid()), static_cast<std::uint64_t>(::geteuid())};
  }

  [[nodiscard]] std::uint64_t process_token(std::uint32_t pid) noexcept override {
    return macos_platform::process_token(pid);
  }

  [[nodiscard]] bool is_stopped(std::uint32_t pid) noexcept override {
    return macos_platform::is_stopped(pid);
  }

  [[nodiscard]] std::uint32_t current_cpu() const noexcept override {
    std::size_t cpu = 0;
    return ::pthread_cpu_number_np(&cpu) == 0 ? static_cast<std::uint32_t>(cpu) : 0;
  }

  [[nodiscard]] Error random(std::span<std::byte> out) override {
    while (!out.empty()) {
      const std::size_t part = std::min(out.size(), kMaxEntropy);
      if (::getentropy(out.data(), part) != 0) return posix::error_of(errno);
      out = out.subspan(part);
    }
    return {};
  }
};

}  // namespace

Platform& native_platform() noexcept {
  // Never destroyed: other threads may still use it while the process exits.
  static MacosPlatform& platform = *new MacosPlatform;
  return platform;
}

}  // namespace busbar
