// _beginthreadex, because the C library keeps state for each thread.
#include "windows/system_thread.h"

#include <process.h>

#include <memory>
#include <utility>

#include "windows/kernel_handle.h"
#include "windows/windows_api.h"

namespace busbar::windows_platform {
namespace {

// The stack size, the same as on the other platforms.
constexpr unsigned kStackBytes = 256 * 1024;

class SystemThread final : public Thread {
 public:
  explicit SystemThread(Handle thread) noexcept : thread_(std::move(thread)) {}

  void join() noexcept override {
    if (!thread_.valid()) return;
    ::WaitForSingleObject(borrow_handle(thread_), INFINITE);
    thread_.close();
  }

 private:
  Handle thread_;
};

unsigned __stdcall run(void* argument) {
  const std::unique_ptr<std::function<void()>> body(static_cast<std::function<void()>*>(argument));
  (*body)();
  return 0;
}

}  // namespace

Result<std::unique_ptr<Thread>> start_system_thread(std::function<void()> body) {
  auto owned = std::make_unique<std::function<void()>>(std::move(body));
  const std::uintptr_t thread = ::_beginthreadex(nullptr, kStackBytes, run, owned.get(),
                                                 STACK_SIZE_PARAM_IS_A_RESERVATION, nullptr);
  if (thread == 0) return Status::OutOfMemory;
  [[maybe_unused]] const auto* given = owned.release();
  return std::unique_ptr<Thread>(
      std::make_unique<SystemThread>(own_handle(reinterpret_cast<RawHandle>(thread))));
}

}  // namespace busbar::windows_platform
