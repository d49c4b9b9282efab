// An endpoint's doorbells on libuv's loop.
#include "node/loop_attachment.h"

#include <utility>

namespace busbar::node {

std::unique_ptr<LoopAttachment> LoopAttachment::create(uv_loop_t* loop, std::intptr_t pollable,
                                                       std::function<void()> on_ready) {
  std::unique_ptr<LoopAttachment> attachment(new LoopAttachment());
  attachment->on_ready_ = std::move(on_ready);
  attachment->poll_.data = attachment.get();
  if (uv_poll_init(loop, &attachment->poll_, static_cast<int>(pollable)) != 0) return nullptr;
  const auto on_poll = [](uv_poll_t* poll, int, int) {
    static_cast<LoopAttachment*>(poll->data)->on_ready_();
  };
  // Cannot fail for a descriptor that uv_poll_init has just accepted.
  (void)uv_poll_start(&attachment->poll_, UV_READABLE, on_poll);
  attachment->unref();
  return attachment;
}

void LoopAttachment::ref() noexcept { uv_ref(reinterpret_cast<uv_handle_t*>(&poll_)); }

void LoopAttachment::unref() noexcept { uv_unref(reinterpret_cast<uv_handle_t*>(&poll_)); }

void LoopAttachment::close(std::function<void()> closed) {
  on_closed_ = std::move(closed);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), [](uv_handle_t* handle) {
    // Moved out first: it may destroy the attachment.
    const auto done = std::move(static_cast<LoopAttachment*>(handle->data)->on_closed_);
    done();
  });
}

}  // namespace busbar::node
