// SenderHost: what a Sender needs of the endpoint around it; and what it has counted for it.
#pragma once

#include <cstdint>
#include <memory>

#include "base/status.h"
#include "core/endpoint/notice.h"
#include "core/link/outbound_link.h"

namespace busbar {

struct SenderCounters {
  std::uint64_t sent_messages = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t rerouted = 0;
  std::uint64_t undelivered = 0;
  std::uint64_t expired = 0;
  std::uint64_t queue_full = 0;
  std::uint64_t dropped = 0;
  std::uint64_t superseded = 0;
  std::uint64_t disconnected = 0;
};

class SenderHost {
 public:
  virtual ~SenderHost() = default;
  // Introduces the link to its receiver. NoController: not now, the host calls
  // repeat_introductions() when there is one. Other errors: to be tried again soon.
  [[nodiscard]] virtual Error introduce(OutboundLink& link) = 0;
  // Watches the link's channel from now on, on behalf of the control thread.
  virtual void link_opened(OutboundLink& link) = 0;
  // Nothing goes over the link any more. Any thread: it lives until the control thread has stopped
  // watching its channel.
  virtual void link_closed(std::unique_ptr<OutboundLink> link) = 0;
  // The control thread should look at timers and wishes again.
  virtual void needs_attention() = 0;
  virtual void notify(Notice notice) = 0;
};

}  // namespace busbar
