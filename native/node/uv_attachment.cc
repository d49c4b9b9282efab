// An endpoint's doorbells on libuv's loop.
#include <uv.h>

#include <utility>

#include "node/loop_attachment.h"

namespace busbar::node {
namespace {

class UvAttachment final : public LoopAttachment {
 public:
  explicit UvAttachment(std::function<void()> on_ready) noexcept
      : async_{}, on_ready_(std::move(on_ready)) {
    handle_.data = this;
  }

  [[nodiscard]] bool poll(uv_loop_t* loop, std::intptr_t pollable) {
    if (uv_poll_init(loop, &poll_, static_cast<int>(pollable)) != 0) return false;
    // Cannot fail for a descriptor that uv_poll_init has accepted.
    (void)uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* poll, int, int) {
      static_cast<UvAttachment*>(poll->data)->on_ready_();
    });
    return true;
  }

  [[nodiscard]] bool listen(uv_loop_t* loop, DoorbellSet& bells) {
    const auto on_async = [](uv_async_t* async) {
      static_cast<UvAttachment*>(async->data)->on_ready_();
    };
    if (uv_async_init(loop, &async_, on_async) != 0) return false;
    calling_ = &bells;
    return bells.call_when_ready([this] { (void)uv_async_send(&async_); }).ok();
  }

  // libuv keeps the handle until it is closed.
  [[nodiscard]] bool is_accepted() const noexcept { return calling_ != nullptr; }

  void ref() noexcept override { uv_ref(&handle_); }

  void unref() noexcept override { uv_unref(&handle_); }

  void close(std::function<void()> closed) override {
    on_closed_ = std::move(closed);
    if (calling_ != nullptr) (void)calling_->call_when_ready({});
    uv_close(&handle_, [](uv_handle_t* handle) {
      // Moved out first, because the callback may destroy the attachment.
      const auto done = std::move(static_cast<UvAttachment*>(handle->data)->on_closed_);
      done();
    });
  }

 private:
  union {
    uv_handle_t handle_;
    uv_poll_t poll_;
    uv_async_t async_;
  };
  // For bells that cannot be polled: the platform calls from a thread of its own.
  DoorbellSet* calling_ = nullptr;
  std::function<void()> on_ready_;
  std::function<void()> on_closed_;
};

}  // namespace

std::unique_ptr<LoopAttachment> create_uv_attachment(Napi::Env env, DoorbellSet& bells,
                                                     std::function<void()> on_ready) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) return nullptr;
  auto attachment = std::make_unique<UvAttachment>(std::move(on_ready));
  const std::intptr_t pollable = bells.pollable();
  const bool attached =
      pollable < 0 ? attachment->listen(loop, bells) : attachment->poll(loop, pollable);
  if (!attached) {
    if (attachment->is_accepted()) {
      UvAttachment* half = attachment.release();
      half->close([half] { delete half; });
    }
    return nullptr;
  }
  attachment->unref();
  return attachment;
}

}  // namespace busbar::node
