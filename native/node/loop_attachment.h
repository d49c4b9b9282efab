// LoopAttachment: calls back on an environment's event loop whenever an endpoint's doorbells rang.
// On the main loop by uv_poll, without a thread in between. Lives on the loop's thread.
#pragma once

#include <uv.h>

#include <cstdint>
#include <functional>
#include <memory>

namespace busbar::node {

class LoopAttachment {
 public:
  // Polls `pollable` for readability from now on; does not keep the loop alive before ref().
  // nullptr when libuv refuses.
  [[nodiscard]] static std::unique_ptr<LoopAttachment> create(uv_loop_t* loop,
                                                              std::intptr_t pollable,
                                                              std::function<void()> on_ready);
  ~LoopAttachment() = default;
  LoopAttachment(const LoopAttachment&) = delete;
  LoopAttachment& operator=(const LoopAttachment&) = delete;

  void ref() noexcept;
  void unref() noexcept;
  // Stops calling back; `closed` runs on the loop once libuv has let go, and the attachment may be
  // destroyed then.
  void close(std::function<void()> closed);

 private:
  LoopAttachment() = default;

  uv_poll_t poll_{};
  std::function<void()> on_ready_;
  std::function<void()> on_closed_;
};

}  // namespace busbar::node
