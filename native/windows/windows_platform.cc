// native_platform() of Windows: combines the files of this folder.
#include <utility>

#include "platform/platform.h"
#include "windows/event_doorbell.h"
#include "windows/event_doorbell_set.h"
#include "windows/kernel_handle.h"
#include "windows/named_pipe_rendezvous.h"
#include "windows/native_calls.h"
#include "windows/pipe_channel.h"
#include "windows/section_memory.h"
#include "windows/system_random.h"
#include "windows/system_socket.h"
#include "windows/system_thread.h"
#include "windows/user_identity.h"
#include "windows/wait_reactor.h"
#include "windows/windows_api.h"

namespace busbar {
namespace {

using windows_platform::borrow_handle;
using windows_platform::own_handle;

// The system's clock counts units of 100 nanoseconds.
constexpr std::uint64_t kTicksPerMillisecond = 10'000;

class WindowsPlatform final : public Platform {
 public:
  // The system cancels what a thread has begun when the thread ends.
  [[nodiscard]] bool threads_may_take_over() const noexcept override { return false; }

  [[nodiscard]] Result<std::unique_ptr<Rendezvous>> open_rendezvous(
      std::string_view identifier) override {
    return windows_platform::open_named_pipe_rendezvous(identifier);
  }

  [[nodiscard]] Result<std::unique_ptr<SharedMemory>> create_memory(std::size_t bytes,
                                                                    Access peers) override {
    return windows_platform::create_section_memory(bytes, peers);
  }
  [[nodiscard]] Result<std::unique_ptr<SharedMemory>> adopt_memory(Handle handle, std::size_t bytes,
                                                                   Access access) override {
    return windows_platform::adopt_section_memory(std::move(handle), bytes, access);
  }

  [[nodiscard]] Result<std::unique_ptr<Doorbell>> create_doorbell() override {
    return windows_platform::create_event_doorbell();
  }
  [[nodiscard]] Result<std::unique_ptr<DoorbellSet>> create_doorbell_set() override {
    return windows_platform::create_event_doorbell_set();
  }

  [[nodiscard]] Result<ChannelPair> create_channel_pair(std::uint32_t receiver) override {
    return windows_platform::create_pipe_pair(receiver);
  }
  [[nodiscard]] Result<std::unique_ptr<Channel>> adopt_channel(Handle handle) override {
    return windows_platform::adopt_pipe_channel(std::move(handle));
  }

  [[nodiscard]] Result<Handle> duplicate(const Handle& handle) override {
    if (!handle.valid()) return Status::InvalidArgument;
    if (windows_platform::is_socket(handle))
      return windows_platform::duplicate_socket(handle.borrow());
    return windows_platform::duplicate_handle(borrow_handle(handle));
  }
  [[nodiscard]] Result<Handle> adopt(std::intptr_t raw) override {
    auto* const handle = reinterpret_cast<windows_platform::RawHandle>(raw);
    if (!windows_platform::is_open(handle)) {
      return Error{Status::InvalidArgument, ERROR_INVALID_HANDLE};
    }
    return own_handle(handle);
  }

  [[nodiscard]] Result<Handle> duplicate_named(ObjectName name) override {
    if (name.kind != ObjectKind::Socket) return Status::Unsupported;
    return windows_platform::duplicate_socket(name.number);
  }
  [[nodiscard]] ObjectName name_of(const Handle& handle) const noexcept override {
    const bool is_socket = windows_platform::is_socket(handle);
    return {is_socket ? ObjectKind::Socket : ObjectKind::Descriptor, handle.borrow()};
  }

  [[nodiscard]] Result<std::unique_ptr<Reactor>> create_reactor() override {
    return windows_platform::create_wait_reactor();
  }

  [[nodiscard]] Result<std::unique_ptr<Thread>> start_thread(std::function<void()> body) override {
    return windows_platform::start_system_thread(std::move(body));
  }

  // Wine returns without issuing the fence.
  [[nodiscard]] bool fence_process() noexcept override {
    if (windows_platform::is_wine()) return false;
    ::FlushProcessWriteBuffers();
    return true;
  }
  void prepare_process_fence() noexcept override {}

  // The performance counter: one clock for all processes of the machine.
  [[nodiscard]] TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }

  [[nodiscard]] ProcessIdentity self() const noexcept override {
    return {static_cast<std::uint32_t>(::GetCurrentProcessId()), windows_platform::own_user()};
  }

  // The creation time: a pid is reused only by a process created later.
  [[nodiscard]] std::uint64_t process_token(std::uint32_t pid) noexcept override {
    const auto process =
        windows_platform::open_process(pid, PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE);
    if (!process) return 0;
    const HANDLE raw = borrow_handle(process.value());
    FILETIME created{};
    FILETIME ended{};
    FILETIME kernel{};
    FILETIME user{};
    if (::WaitForSingleObject(raw, 0) == WAIT_OBJECT_0 ||
        ::GetProcessTimes(raw, &created, &ended, &kernel, &user) == 0) {
      return 0;
    }
    const std::uint64_t ticks =
        (static_cast<std::uint64_t>(created.dwHighDateTime) << 32U) | created.dwLowDateTime;
    return ((ticks / kTicksPerMillisecond) << 32U) | pid;
  }

  // Windows suspends threads one by one and reports it nowhere.
  [[nodiscard]] bool is_stopped(std::uint32_t) noexcept override { return false; }

  [[nodiscard]] std::uint32_t current_cpu() const noexcept override {
    return ::GetCurrentProcessorNumber();
  }

  [[nodiscard]] Error random(std::span<std::byte> out) override {
    return windows_platform::fill_random(out);
  }
};

}  // namespace

Platform& native_platform() noexcept {
  // Never destroyed: other threads may still use it while the process exits.
  static WindowsPlatform& platform = *new WindowsPlatform;
  return platform;
}

}  // namespace busbar
