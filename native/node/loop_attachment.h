// LoopAttachment: calls back on an environment's event loop whenever an endpoint's doorbells rang.
// Lives on the loop's thread.
//
//   uv_attachment      where libuv is the loop: uv_poll, without a thread in between, or, where the
//                      bells cannot be polled, the platform's own thread and uv_async
//   thread_attachment  where there is no libuv (Bun, Deno): a thread that sleeps on the bells, and
//   a
//                      thread-safe function
#pragma once

#include <napi.h>

#include <functional>
#include <memory>

#include "platform/doorbell.h"

namespace busbar::node {

class LoopAttachment {
 public:
  LoopAttachment() = default;
  virtual ~LoopAttachment() = default;
  LoopAttachment(const LoopAttachment&) = delete;
  LoopAttachment& operator=(const LoopAttachment&) = delete;

  virtual void ref() noexcept = 0;
  virtual void unref() noexcept = 0;
  // Stops calling back. `closed` runs on the loop once the host has released its handles; the
  // attachment may be destroyed then.
  virtual void close(std::function<void()> closed) = 0;
};

// Both listen to `bells` at once and do not keep the loop alive before ref(). `on_ready` has to
// collect the bells, which must outlive close(). nullptr if the host refuses.
[[nodiscard]] std::unique_ptr<LoopAttachment> create_uv_attachment(Napi::Env env,
                                                                   DoorbellSet& bells,
                                                                   std::function<void()> on_ready);
[[nodiscard]] std::unique_ptr<LoopAttachment> create_thread_attachment(
    Napi::Env env, DoorbellSet& bells, std::function<void()> on_ready);

}  // namespace busbar::node
