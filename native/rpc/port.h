// What carries the frames of a session: the seam between calls and an endpoint of the bus, or
// wires. A port never calls the program.
#ifndef BUSBAR_RPC_PORT_H
#define BUSBAR_RPC_PORT_H

#include <array>
#include <map>

#include "busbar_rpc.hpp"

namespace busbar::rpc::detail {

// What became of a frame that was posted: its number, or one of these.
using Posted = std::int64_t;
constexpr Posted kFull = -1;
constexpr Posted kGone = -2;
// Too large, for example: it can never be sent.
constexpr Posted kRefused = -3;

// A message as it arrived. Moving it does not move what its info points to.
class Arrived {
 public:
  // From a bus.
  explicit Arrived(busbar::Message message) : info_(message.info()), message_(std::move(message)) {}
  // From a wire: `info` points into the bytes.
  Arrived(std::vector<std::byte> bytes, const busbar_message_info& info)
      : info_(info), bytes_(std::move(bytes)) {}
  [[nodiscard]] const busbar_message_info& info() const noexcept { return info_; }
  // What has its objects and regions; null for a message of a wire.
  [[nodiscard]] busbar::Message* attached() noexcept { return message_ ? &*message_ : nullptr; }
  // Of its sender; empty for a wire.
  [[nodiscard]] std::vector<std::string> from_label() const {
    return message_ ? message_->from_label() : std::vector<std::string>();
  }

 private:
  busbar_message_info info_;
  std::optional<busbar::Message> message_;
  std::vector<std::byte> bytes_;
};

// The peers that match a label and a condition; `peers` is valid until members change.
struct Target {
  virtual ~Target() = default;
  std::vector<std::uint64_t> peers;
};

// Those who subscribed to one member.
struct Subscribers {
  // Subscriptions of each peer.
  std::map<std::uint64_t, std::size_t> peers;
  // The port's own, made when it is first needed after a change.
  std::shared_ptr<void> prepared;
};

// An interface that is served, as others are told of it.
struct Offered {
  std::string name;
  std::string version;
};

// Whom a port reports to, without a lock of the session.
class PortHost {
 public:
  virtual ~PortHost() = default;
  // `kind` is a BUSBAR_EVENT_. On any thread.
  virtual void told(std::int32_t kind, std::uint64_t peer, std::uint64_t message) = 0;
};

class Port {
 public:
  Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  virtual ~Port() = default;

  // On the session's thread, without its lock. The next message; waits for one for up to `timeout`
  // milliseconds, as busbar_endpoint_receive. BUSBAR_WOULD_BLOCK or BUSBAR_TIMEOUT: none came.
  virtual busbar_status receive(std::int32_t timeout, std::optional<Arrived>& arrived) = 0;
  // Leaves, without the session's lock. Called once, by the session's thread.
  virtual void close() = 0;
  // Without the session's lock: the labels of all that is served have changed.
  virtual Status relabel(const std::vector<std::string>& label,
                         const std::vector<Offered>& offers) = 0;

  // Under the session's lock. With `cork`, on the session's thread, the frame is sent by flush().
  virtual Posted post(std::uint64_t peer, const busbar_uuid& type, std::uint16_t format,
                      std::uint64_t reply_to, const Encoded& body, Bytes metadata, bool cork) = 0;
  virtual void flush() = 0;
  // Ends a receive() that waits.
  virtual void wake() = 0;
  // Null, and a text, if the condition is none.
  virtual std::shared_ptr<Target> target(const std::string& label, const std::string& to,
                                         std::string& problem) = 0;
  // Fills in the peers that match now.
  virtual void find_peers(Target& target) = 0;
  // Sends one frame to all; one without room does not get it. With a key, a slow one gets the
  // newest only.
  virtual void emit(Subscribers& subscribers, const busbar_uuid& type, std::uint16_t format,
                    const Encoded& body, const char* key) = 0;
  // This peer is gone.
  virtual void forget(std::uint64_t peer) = 0;

  // Whether this peer passes calls on to servers behind it, so that it may say what became of them.
  [[nodiscard]] virtual bool is_relay(std::uint64_t) { return false; }

  // Whether objects and regions can be sent.
  [[nodiscard]] virtual bool carries_attachments() const noexcept { return true; }
  // The endpoint; null for wires.
  [[nodiscard]] virtual busbar_endpoint* endpoint() const noexcept { return nullptr; }
  [[nodiscard]] virtual std::uint64_t id() const noexcept { return 0; }
  // The port of TCP that it listens at; 0 for none.
  [[nodiscard]] virtual std::uint16_t listens_at() const noexcept { return 0; }
  // Whether a method calls back its own caller, and nobody else, unless it says otherwise.
  [[nodiscard]] virtual bool calls_back() const noexcept { return false; }
};

}  // namespace busbar::rpc::detail

#endif
