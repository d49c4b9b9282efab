// The sending half of a stream: items wait for credit and room, and are packed.
#ifndef BUSBAR_RPC_OUTGOING_STREAM_H
#define BUSBAR_RPC_OUTGOING_STREAM_H

#include <condition_variable>
#include <deque>

#include "busbar_rpc.hpp"

namespace busbar::rpc::detail {

// All of it is guarded by the core's lock.
class OutgoingStream : public std::enable_shared_from_this<OutgoingStream> {
 public:
  OutgoingStream(std::shared_ptr<Core> its_core, Codec its_codec, std::int64_t items,
                 std::int64_t bytes)
      : core(std::move(its_core)),
        codec(its_codec),
        credit_items(items),
        credit_bytes(bytes),
        first_items_(items),
        first_bytes_(bytes) {}

  const std::shared_ptr<Core> core;
  const Codec codec;
  // The call that it belongs to: at its caller, or at its server.
  std::weak_ptr<PendingCall> call;
  std::weak_ptr<ServedCall> served;
  // Where it goes; peer 0: nowhere yet.
  std::uint64_t peer = 0;
  std::uint64_t id = 0;
  std::uint32_t flags = 0;
  std::int64_t credit_items;
  std::int64_t credit_bytes;
  // Items that were sent before the first credit may have to be sent again.
  bool repeatable = false;
  bool stopped = false;
  bool finished = false;
  bool dirty = false;
  bool pull_queued = false;
  std::shared_ptr<std::function<Pulled()>> pull;
  // The last frame, of a server.
  std::optional<Encoded> result;
  std::optional<Error> error;
  std::condition_variable changed;

  [[nodiscard]] bool may_add() const noexcept;
  void append(Encoded item);
  // The sender has nothing to add, or cannot: what is packed is sent.
  void flush();
  void note_starved() noexcept {
    if (!blocked_ && pack_count_ > 0) flush();
    if (!blocked_) starved_ = true;
  }
  void credited(std::size_t items, std::size_t bytes);
  void unblocked();
  // The call is at this server now, perhaps after another one.
  void placed(std::uint64_t at_peer, std::uint64_t with_id);
  // Nothing more is sent. Returns what must be destroyed without the lock.
  [[nodiscard]] std::shared_ptr<void> stop();
  [[nodiscard]] bool can_restart() const noexcept { return repeatable; }
  // Sends the last frame, if all others are out.
  void try_end();

 private:
  struct Sent {
    std::uint32_t kind;
    std::int64_t count;
    Encoded body;
  };
  bool send(std::uint32_t kind, std::int64_t count, Encoded body);
  void wake_writers();

  std::int64_t first_items_;
  std::int64_t first_bytes_;
  std::string pack_;
  std::int64_t pack_count_ = 0;
  std::optional<Encoded> held_;
  // Sent before the first credit, and of these what another server has to get.
  std::vector<Sent> early_;
  std::deque<Sent> resend_;
  bool blocked_ = false;
  bool starved_ = false;
  bool ended_ = false;
};

constexpr std::int64_t kMaxCredit = std::int64_t{1} << 40U;

}  // namespace busbar::rpc::detail

#endif
