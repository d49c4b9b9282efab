// A ring is a message of nothing but its id; a ring that does not fit the queue is not needed.
#include "macos/port_doorbell.h"

#include <array>
#include <mutex>
#include <utility>

#include "macos/mach_message.h"
#include "macos/mach_object.h"

namespace busbar::macos_platform {
namespace {

constexpr mach_port_msgcount_t kListenerQueue = 8;
constexpr mach_port_msgcount_t kRingQueue = 1;
// Messages taken per call; a hostile peer may send faster than that.
constexpr int kMaxTaken = 32;

class PortDoorbell final : public Doorbell {
 public:
  explicit PortDoorbell(ReceiveRight listeners, SendRight share) noexcept
      : listeners_(std::move(listeners)), share_(std::move(share)) {}

  void ring() noexcept override {
    const std::lock_guard guard(mutex_);
    if (!listener_.valid()) find_listener();
    if (!listener_.valid()) return;
    const Status rung = send_signal({listener_.name(), MACH_MSG_TYPE_COPY_SEND}, kRing).status;
    if (rung != Status::PeerGone) return;
    // The listener has stopped; another may have started.
    listener_.reset();
    find_listener();
    if (listener_.valid()) (void)send_signal({listener_.name(), MACH_MSG_TYPE_COPY_SEND}, kRing);
  }

  [[nodiscard]] Result<Handle> share() const override {
    auto right = copy_send(share_);
    if (!right) return right.error();
    return own_object(Kind::Bell, right.take());
  }

 private:
  // The newest listener counts.
  void find_listener() noexcept {
    for (int i = 0; i < kMaxTaken; ++i) {
      auto message = receive_message(listeners_.name());
      if (!message && message.status() == Status::WouldBlock) return;
      if (message && message.value().id == kListen && message.value().rights.size() == 1)
        listener_ = std::move(message.value().rights[0].send);
    }
  }

  std::mutex mutex_;
  ReceiveRight listeners_;
  SendRight share_;
  SendRight listener_;
};

}  // namespace

Result<std::unique_ptr<Doorbell>> create_port_doorbell() {
  auto listeners = create_port(kListenerQueue);
  if (!listeners) return listeners.error();
  auto share = make_send(listeners.value());
  if (!share) return share.error();
  return std::unique_ptr<Doorbell>(std::make_unique<PortDoorbell>(listeners.take(), share.take()));
}

Result<ReceiveRight> listen_to(const Handle& bell) {
  const MachObject* object = object_in(bell, Kind::Bell);
  if (object == nullptr) return Status::ProtocolViolation;
  auto port = create_port(kRingQueue);
  if (!port) return port;
  std::array<OutgoingRight, 1> right{{{port.value().name(), MACH_MSG_TYPE_MAKE_SEND}}};
  const Error sent =
      send_message({object->first.name(), MACH_MSG_TYPE_COPY_SEND}, kListen, {}, right);
  // A ringer that is gone will not ring; that is no error.
  if (!sent.ok() && sent.status != Status::PeerGone) return sent;
  return port;
}

void take_rings(const ReceiveRight& port) noexcept {
  for (int i = 0; i < kMaxTaken; ++i) {
    if (const auto message = receive_message(port.name());
        !message && message.status() == Status::WouldBlock) {
      return;
    }
  }
}

}  // namespace busbar::macos_platform
