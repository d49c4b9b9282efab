// The port over wires: each wire is a peer. A side that connects has one, a side that listens has
// as many as have connected.
#ifndef BUSBAR_RPC_WIRE_PORT_H
#define BUSBAR_RPC_WIRE_PORT_H

#include <condition_variable>
#include <mutex>

#include "rpc/wire_line.h"

namespace busbar::rpc::detail {

class WirePort final : public Port {
 public:
  // `listener` is a socket to accept wires from, or -1. Descriptors are its own, and do not block.
  WirePort(PortHost& host, const WireOptions& options, bool connects, int listener);
  ~WirePort() override;
  // Before the session's thread begins: makes what wakes it up. BUSBAR_OUT_OF_DESCRIPTORS.
  Status prepare();
  // The only wire of a port that does not listen.
  void add(int from, int to);
  // Waits until the handshake of that wire is done. Not on the session's thread.
  Status wait_open();

  busbar_status receive(std::int32_t timeout, std::optional<Arrived>& arrived) override;
  void close() override;
  Status relabel(const std::vector<std::string>& label,
                 const std::vector<Offered>& offers) override;
  Posted post(std::uint64_t peer, const busbar_uuid& type, std::uint16_t format,
              std::uint64_t reply_to, const Encoded& body, Bytes metadata, bool cork) override;
  void flush() override;
  void wake() override;
  std::shared_ptr<Target> target(const std::string& label, const std::string& to,
                                 std::string& problem) override;
  void find_peers(Target& target) override;
  void emit(Subscribers& subscribers, const busbar_uuid& type, std::uint16_t format,
            const Encoded& body, const char* key) override;
  void forget(std::uint64_t) override {}
  [[nodiscard]] bool carries_attachments() const noexcept override { return false; }
  [[nodiscard]] bool calls_back() const noexcept override { return true; }
  [[nodiscard]] std::uint16_t listens_at() const noexcept override;
  [[nodiscard]] bool is_relay(std::uint64_t peer) override;

 private:
  using LinePtr = std::unique_ptr<WireLine>;
  using Lines = std::map<std::uint64_t, LinePtr>;
  struct Event {
    std::int32_t kind;
    std::uint64_t peer;
    std::uint64_t message;
  };

  // All of these with the lock.
  void accept_wires();
  void say_hello(WireLine& line);
  // False: the wire is over.
  bool received(WireLine& line);
  std::optional<WireFault> frame(WireLine& line, std::vector<std::byte> bytes);
  std::optional<WireFault> greeted(WireLine& line, const std::vector<std::byte>& bytes);
  std::optional<WireFault> message(WireLine& line, std::vector<std::byte> bytes);
  void taken(WireLine& line, const std::byte* type);
  bool write(WireLine& line);
  void look_at_clocks();
  std::int32_t patience(std::int32_t timeout) const;
  void end(Lines::iterator line, const WireFault* fault);
  // Without the lock. Returns whether there were any.
  bool tell_events();
  bool wait(std::int32_t timeout);
  void mask_signals();
  [[nodiscard]] std::uint32_t max_frame(const WireLine& line) const noexcept;

  PortHost& host_;
  const WireOptions options_;
  const bool connects_;
  int listener_;
  int wake_from_ = -1;
  int wake_to_ = -1;
  std::mutex mutex_;
  Lines lines_;
  std::uint64_t next_peer_ = 1;
  std::uint64_t next_id_ = 1;
  std::vector<Offered> offers_;
  std::deque<Arrived> ready_;
  std::vector<Event> events_;
  // Of a port that does not listen: its wire is over; and the session has had a look since.
  bool over_ = false;
  bool looked_since_ = false;
  // The session's own.
  bool masked_ = false;
  bool closed_ = false;
  // Of the first handshake.
  std::condition_variable opened_;
  std::optional<Status> opening_;
  // Why the other side ended the wire, if it has said so.
  busbar_status last_words_ = BUSBAR_PEER_GONE;
};

}  // namespace busbar::rpc::detail

#endif
