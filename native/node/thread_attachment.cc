// An endpoint's doorbells without libuv: a thread sleeps on the bells, and a thread-safe function
// calls the event loop. The thread sleeps again only after the loop has collected the bells.
#include <condition_variable>
#include <mutex>
#include <utility>

#include "node/loop_attachment.h"
#include "platform/platform.h"

namespace busbar::node {
namespace {

class ThreadAttachment final : public LoopAttachment {
 public:
  ThreadAttachment(Napi::Env env, DoorbellSet& bells, std::function<void()> on_ready) noexcept
      : env_(env), bells_(bells), on_ready_(std::move(on_ready)) {}

  ~ThreadAttachment() override { stop(); }

  // False: the thread could not be started. If has_function(), call close().
  [[nodiscard]] bool start() {
    napi_value name = nullptr;
    if (napi_create_string_utf8(env_, "busbar", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1, this, on_finalized,
                                        this, on_called, &function_) != napi_ok) {
      return false;
    }
    auto thread = native_platform().start_thread([this] { listen(); });
    if (thread) thread_ = thread.take();
    return thread_ != nullptr;
  }

  [[nodiscard]] bool has_function() const noexcept { return function_ != nullptr; }

  void ref() noexcept override {
    if (function_ != nullptr) (void)napi_ref_threadsafe_function(env_, function_);
  }

  void unref() noexcept override {
    if (function_ != nullptr) (void)napi_unref_threadsafe_function(env_, function_);
  }

  void close(std::function<void()> closed) override {
    stop();
    // The environment is ending and has released the function already.
    if (function_ == nullptr) return closed();
    on_closed_ = std::move(closed);
    (void)napi_release_threadsafe_function(std::exchange(function_, nullptr), napi_tsfn_release);
  }

 private:
  static void on_called(napi_env env, napi_value, void* context, void*) {
    auto* self = static_cast<ThreadAttachment*>(context);
    if (env == nullptr || self->stopped_) return;
    self->on_ready_();
    self->set_collected();
  }

  static void on_finalized(napi_env, void* data, void*) {
    auto* self = static_cast<ThreadAttachment*>(data);
    self->stop();
    self->function_ = nullptr;
    // Moved out first, because the callback may destroy the attachment.
    const auto done = std::move(self->on_closed_);
    if (done) done();
  }

  void set_collected() {
    const std::lock_guard lock(mutex_);
    collected_ = true;
    changed_.notify_one();
  }

  void stop() noexcept {
    if (std::exchange(stopped_, true)) return;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_one();
    }
    bells_.raise();
    if (thread_ != nullptr) thread_->join();
  }

  // The thread.
  void listen() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      lock.unlock();
      bells_.wait(-1);
      lock.lock();
      if (stopping_) return;
      collected_ = false;
      if (napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking) != napi_ok)
        return;
      changed_.wait(lock, [this] { return collected_ || stopping_; });
    }
  }

  napi_env env_;
  DoorbellSet& bells_;
  std::function<void()> on_ready_;
  std::function<void()> on_closed_;
  // nullptr once it has been released.
  napi_threadsafe_function function_ = nullptr;
  std::unique_ptr<Thread> thread_;
  // For the loop's thread; `stopping_` is for the other thread.
  bool stopped_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool collected_ = false;
};

}  // namespace

std::unique_ptr<LoopAttachment> create_thread_attachment(Napi::Env env, DoorbellSet& bells,
                                                         std::function<void()> on_ready) {
  auto attachment = std::make_unique<ThreadAttachment>(env, bells, std::move(on_ready));
  if (!attachment->start()) {
    if (attachment->has_function()) {
      ThreadAttachment* half = attachment.release();
      half->close([half] { delete half; });
    }
    return nullptr;
  }
  attachment->unref();
  return attachment;
}

}  // namespace busbar::node
