// A thread by pthread_create, which reports a failure instead of throwing.
#include "posix/pthread_thread.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

namespace busbar::posix {
namespace {

// The control thread's frames are shallow; 256 KiB is four times the stack that sanitizers were
// seen to need.
constexpr std::size_t kStackBytes = 256U << 10U;

class PthreadThread final : public Thread {
 public:
  explicit PthreadThread(std::function<void()> body) : body_(std::move(body)) {}
  ~PthreadThread() override { join(); }

  [[nodiscard]] int start() noexcept {
    pthread_attr_t attributes;
    if (const int failed = pthread_attr_init(&attributes); failed != 0) return failed;
    (void)pthread_attr_setstacksize(&attributes, kStackBytes);
    // A new thread inherits the signal mask. Blocking all signals here leaves them to the program's
    // own threads.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(&thread_, &attributes, run, this);
    (void)pthread_sigmask(SIG_SETMASK, &before, nullptr);
    (void)pthread_attr_destroy(&attributes);
    started_ = failed == 0;
    return failed;
  }

  void join() noexcept override {
    if (std::exchange(started_, false)) (void)pthread_join(thread_, nullptr);
  }

 private:
  static void* run(void* self) {
    static_cast<PthreadThread*>(self)->body_();
    return nullptr;
  }

  std::function<void()> body_;
  pthread_t thread_{};
  bool started_ = false;
};

}  // namespace

Result<std::unique_ptr<Thread>> start_pthread(std::function<void()> body) {
  auto thread = std::make_unique<PthreadThread>(std::move(body));
  if (const int failed = thread->start(); failed != 0) return Error{Status::OutOfMemory, failed};
  return std::unique_ptr<Thread>(std::move(thread));
}

}  // namespace busbar::posix
